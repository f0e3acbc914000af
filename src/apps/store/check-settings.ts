import { createRequire } from 'node:module';
import type { ErrorObject, ValidateFunction } from 'ajv';
import type { CredentialFacts } from '../../carrier/provider-row.ts';
import { appSection } from '../../config/apps-section.ts';
import type { Leaf, Section } from '../../config/leaf.ts';
import { wanted } from '../../config/mistake.ts';
import { nearestKey } from '../../config/nearest-key.ts';
import type { AppSettings } from '../../config/schema.ts';
import { loadFcmCredential } from '../../fcm/credentials.ts';
import { parseHeaders } from '../../feedback/headers.ts';
import { hookUrlMistake } from '../../feedback/hook-target.ts';
import { isWebhookSecret } from '../../feedback/signature.ts';
import { ConfigError } from '../../kit/errors.ts';
import { credentialFacts } from './credential-facts.ts';
import { refusedKeys, settingsPatchSchema, settingsSchema } from './settings-schema.ts';

/** One thing wrong with the settings of an app: `ios.key_id`, and what it should be. */
export interface SettingMistake {
  readonly path: string;
  readonly reason: string;
}

export interface CheckRules {
  /** `apps.allow_private_hooks`, or the sandbox: URLs may lead to private addresses, and need not be https. */
  readonly allowPrivate: boolean;
  /** UNIX milliseconds. */
  readonly now?: number;
}

const schemas = { whole: settingsSchema, patch: settingsPatchSchema };
const compiled = new Map<keyof typeof schemas, ValidateFunction>();

const compile = (kind: keyof typeof schemas): ValidateFunction => {
  const { Ajv } = createRequire(import.meta.url)('ajv') as typeof import('ajv');
  return new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schemas[kind]);
};

/** Loaded and compiled with the first request: most relays never get one. */
function validatorOf(kind: keyof typeof schemas): ValidateFunction {
  const validate = compiled.get(kind) ?? compile(kind);
  compiled.set(kind, validate);
  return validate;
}

const LONGEST_KEY = 40;
const PLATFORMS = ['ios', 'android', 'huawei'] as const;

function knownKeys(section: Section, prefix = ''): string[] {
  return Object.entries(section.properties).flatMap(([name, child]) => {
    const path = prefix + name;
    if (path in refusedKeys) return [];
    return child.type === 'object' ? [path, ...knownKeys(child as Section, `${path}.`)] : [path];
  });
}

const known = knownKeys(appSection);

function leafAt(path: string): Leaf | undefined {
  let at: Leaf | Section | undefined = appSection as Section;
  for (const part of path.split('.')) at = at?.type === 'object' ? (at.properties[part] as Section | Leaf) : undefined;
  return at?.type === 'object' ? undefined : at;
}

/** `/ios/key_id` → `ios.key_id`, without the places in lists. */
const pathOf = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .filter((part) => !/^\d+$/.test(part))
    .join('.');

/** A key of the caller's is told back only when it looks like one. */
const tellable = (key: string): boolean => key.length <= LONGEST_KEY && /^[\w.-]+$/.test(key);

function unknownKey(parent: string, key: string): SettingMistake {
  const path = parent === '' ? key : `${parent}.${key}`;
  const refused = Object.hasOwn(refusedKeys, path) ? refusedKeys[path] : undefined;
  if (refused) return { path, reason: refused };
  if (!tellable(key)) return { path: parent || '$', reason: 'holds an unknown key' };
  const near = nearestKey(path, known);
  return { path, reason: `unknown key${near ? `, did you mean \`${near}\`?` : ''}` };
}

function mistakeOf({ instancePath, keyword, params }: ErrorObject): SettingMistake {
  const path = pathOf(instancePath);
  if (keyword === 'additionalProperties' && leafAt(path) === undefined)
    return unknownKey(path, String(params.additionalProperty));
  const leaf = leafAt(path);
  if (keyword === 'enum') return { path, reason: `must be one of ${(params.allowedValues as string[]).join(', ')}` };
  return { path: path || '$', reason: leaf ? `must be ${wanted(leaf)}` : 'must be an object' };
}

/** Enough to mend; a body of 256 KiB may hold 50,000, and the search for the key that was meant takes its time. */
const MOST_MISTAKES = 50;

function check(validate: ValidateFunction, body: unknown): SettingMistake[] {
  if (validate(body)) return [];
  const all = (validate.errors ?? []).slice(0, MOST_MISTAKES).map(mistakeOf);
  return [...new Map(all.map((mistake) => [`${mistake.path} ${mistake.reason}`, mistake])).values()];
}

/** What is wrong with the form of settings, or of a patch for them. */
export const formMistakes = (body: unknown, kind: 'whole' | 'patch' = 'whole'): SettingMistake[] =>
  check(validatorOf(kind), body);

const BEGINS_LIKE_PEM = /^-----BEGIN/;

/** Whoever sends a key need not say what it is: Apple gives `.p8` keys, and p12 is no text. */
function keyType(base64: string): 'p8' | 'pem' | 'p12' {
  const text = Buffer.from(base64, 'base64').toString('latin1').trimStart();
  if (!BEGINS_LIKE_PEM.test(text)) return 'p12';
  return text.includes('-----BEGIN CERTIFICATE-----') ? 'pem' : 'p8';
}

/** The settings as config.yml would have them. @param body of the right form */
export function normalSettings(body: unknown): AppSettings {
  const settings = structuredClone(body) as { ios?: Record<string, unknown>; android?: Record<string, unknown> };
  const { ios, android } = settings;
  if (ios && typeof ios.key_base64 === 'string' && ios.key_base64 !== '') ios.key_type ??= keyType(ios.key_base64);
  if (android && typeof android.credential === 'object') android.credential = JSON.stringify(android.credential);
  return settings as AppSettings;
}

const fieldOf = ({ key, text }: ConfigError, platform: string): SettingMistake => ({
  path: key || platform,
  reason: text,
});

/** Where a credential signs in, as whoever uses it will read it; undefined for one that cannot be used. */
function tokenUri(credential: string): string | undefined {
  if (credential === '') return undefined;
  try {
    const found = loadFcmCredential({ key_path: '', credential }, {});
    return found.type === 'metadata_server' ? undefined : found.tokenUri;
  } catch {
    // What is wrong with it is told among its facts.
    return undefined;
  }
}

function urlMistake(url: string | undefined, { allowPrivate }: CheckRules): string | undefined {
  if (url === undefined || url === '') return undefined;
  if (!allowPrivate && URL.parse(url)?.protocol !== 'https:') return 'must be an https:// URL';
  return hookUrlMistake(url, { allowPrivate });
}

function webhookMistakes({ webhook }: AppSettings, rules: CheckRules): SettingMistake[] {
  const mistakes: SettingMistake[] = [];
  const wrong = urlMistake(webhook?.url, rules);
  if (wrong) mistakes.push({ path: 'webhook.url', reason: wrong });
  if (webhook?.secret?.some((secret) => !isWebhookSecret(secret)))
    mistakes.push({ path: 'webhook.secret', reason: 'each must be whsec_ and 24 to 64 bytes in base64' });
  const { unusable } = parseHeaders(webhook?.headers ?? []);
  if (unusable.length > 0)
    mistakes.push({
      path: 'webhook.headers',
      reason: `cannot be sent: ${unusable.length} of them; each is \`name: value\``,
    });
  return mistakes;
}

export interface CheckedSettings {
  readonly mistakes: readonly SettingMistake[];
  readonly facts: { readonly [platform in (typeof PLATFORMS)[number]]?: CredentialFacts };
}

/** Reads the credentials, and looks at the addresses. @param settings of the right form */
export function checkSettings(settings: AppSettings, rules: CheckRules): CheckedSettings {
  const { now = Date.now() } = rules;
  const mistakes: SettingMistake[] = webhookMistakes(settings, rules);
  const uri = urlMistake(tokenUri(settings.android?.credential ?? ''), rules);
  if (uri) mistakes.push({ path: 'android.credential', reason: `token_uri ${uri}` });
  const facts: Record<string, CredentialFacts> = {};
  for (const platform of PLATFORMS)
    try {
      const found = credentialFacts(settings, platform);
      if (found) facts[platform] = found;
      if (found?.not_after && Date.parse(found.not_after) <= now)
        mistakes.push({ path: 'ios.key_base64', reason: `the certificate expired at ${found.not_after}` });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const mistake = fieldOf(error, platform);
      if (mistakes.every(({ path }) => path !== mistake.path)) mistakes.push(mistake);
    }
  return { mistakes, facts };
}
