import { accessSync, constants, statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import type { Draft, Findings } from '../../config/draft.ts';
import { hasApps } from '../../config/has-apps.ts';
import type { Mistake } from '../../config/mistake.ts';
import { ConfigError } from '../../kit/errors.ts';
import { fileTrouble } from '../../kit/files/file-trouble.ts';
import type { PlatformName } from '../../push/push.ts';

const NAMES = ['ios', 'android', 'huawei'] as const satisfies PlatformName[];
const TITLES = { ios: 'iOS', android: 'Android', huawei: 'Huawei' };

const GOOGLE_CREDENTIALS = 'GOOGLE_APPLICATION_CREDENTIALS';
/** The machine's own identity, which needs no key. */
const GOOGLE_METADATA = 'GCE_METADATA_HOST';

/** A mistake in Gorush's words; `logged` is what Gorush's log says besides. */
export interface Trouble {
  key: string;
  text: string;
  logged?: string;
  /** The same, but only for a push from the command line. */
  sendLog?: string;
  /** Goes before all that. */
  headline?: string;
  /** What to do. */
  advice?: string;
}

/** Somebody puts the key itself where its path belongs, sooner or later: such a "path" must not be printed. */
const isContent = (path: string): boolean => path.length > 1024 || /[\n{]|-----BEGIN/.test(path);

/** Why a key file cannot be used; undefined when it can. */
function fileMistake(draft: Draft, path: string, instead: string): string | undefined {
  if (isContent(path)) return `must be the path of a file; the key itself goes into ${instead}`;
  try {
    const absolute = resolve(draft.cwd, path);
    if (statSync(absolute).isDirectory()) return `is a folder: ${path}`;
    accessSync(absolute, constants.R_OK);
    return undefined;
  } catch (error) {
    const why = fileTrouble(error);
    return `${why === 'no such file or directory' ? 'no such file' : why}: ${path}`;
  }
}

function keyIsP8(ios: Draft['config']['ios']): boolean {
  return ios.key_path !== '' ? extname(ios.key_path) === '.p8' : ios.key_type === 'p8';
}

function iosTroubles(draft: Draft): Trouble[] {
  const { ios } = draft.config;
  if (ios.key_path === '' && ios.key_base64 === '')
    return [
      {
        key: 'ios.key_path',
        text: 'missing iOS certificate key',
        advice: 'give a .p8, .p12 or .pem file, or ios.key_base64',
      },
    ];
  if (ios.key_path !== '') {
    const trouble = fileMistake(draft, ios.key_path, 'ios.key_base64');
    if (trouble) return [{ key: 'ios.key_path', text: 'certificate file does not exist', headline: trouble }];
  }
  const troubles: Trouble[] = [];
  const wrong = (key: string, text: string, advice: string) =>
    troubles.push({ key, text, logged: `Cert Error:${text}`, advice });
  if (ios.key_path !== '' && !['.p8', '.p12', '.pem'].includes(extname(ios.key_path)))
    wrong('ios.key_path', 'wrong certificate key extension', 'must be .p8, .p12 or .pem');
  if (ios.key_path === '' && !['p8', 'p12', 'pem'].includes(ios.key_type))
    wrong('ios.key_type', 'wrong certificate key type', 'must be p8, p12 or pem');
  for (const name of ['key_id', 'team_id'] as const)
    if (keyIsP8(ios) && ios[name] === '') {
      const text = 'you should provide ios.KeyID and ios.TeamID for p8 token';
      troubles.push({ key: `ios.${name}`, text, logged: `Transport Error:${text}` });
    }
  return troubles;
}

function androidTroubles(draft: Draft): Trouble[] {
  const { android } = draft.config;
  const path = android.key_path || draft.env[GOOGLE_CREDENTIALS] || '';
  if (android.credential !== '' || (path === '' && draft.env[GOOGLE_METADATA])) return [];
  if (path === '') {
    const text = 'missing fcm credential data';
    const advice = `give android.key_path, android.credential or ${GOOGLE_CREDENTIALS}`;
    return [{ key: 'android.key_path', text, sendLog: `FCM server error: ${text}`, advice }];
  }
  const text = fileMistake(draft, path, 'android.credential');
  return text ? [{ key: android.key_path !== '' ? 'android.key_path' : GOOGLE_CREDENTIALS, text }] : [];
}

function huaweiTroubles({ config: { huawei } }: Draft): Trouble[] {
  const troubles: Trouble[] = [];
  const missing = (key: string, text: string) => troubles.push({ key, text, sendLog: `HMS server error: ${text}` });
  if (huawei.appsecret === '') missing('huawei.appsecret', 'missing huawei app secret');
  if (huawei.appid === '') missing('huawei.appid', 'missing huawei app id');
  return troubles;
}

const TROUBLES = { ios: iosTroubles, android: androidTroubles, huawei: huaweiTroubles };

const HAS_CREDENTIALS: Record<PlatformName, (draft: Draft) => boolean> = {
  ios: ({ config: { ios } }) => ios.key_path !== '' || ios.key_base64 !== '',
  android: ({ config: { android }, env }) =>
    Boolean(android.key_path || android.credential || env[GOOGLE_CREDENTIALS] || env[GOOGLE_METADATA]),
  huawei: ({ config: { huawei } }) => huawei.appsecret !== '' && huawei.appid !== '',
};

/** What is wrong with the credentials of a platform; their content is tried when nothing else is. */
export function credentialTroubles(draft: Draft, name: PlatformName): Trouble[] {
  const troubles = TROUBLES[name](draft);
  if (troubles.length > 0) return troubles;
  try {
    draft.tryCredentials[name]?.(draft.config);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [{ key: error.key || name, text: error.text }];
  }
}

/** Gorush tells the server's mistakes in other words than those of a push from the command line. */
function asMistake({ key, text, logged, sendLog, headline, advice }: Trouble, purpose: Draft['purpose']): Mistake {
  const serving = purpose === 'serve';
  const words = !serving ? `Failed to send notification: ${text}` : (logged ?? text);
  const [first, ...others] = [headline, words, advice, serving ? undefined : (sendLog ?? logged)].filter(
    (part) => part !== undefined,
  );
  return { key, text: others.length > 0 ? `${first} (${others.join('; ')})` : `${first}` };
}

/** One platform of a server that was not told to switch it on or off. */
function byDefault(draft: Draft, name: PlatformName, { warnings }: Findings): boolean {
  const { config } = draft;
  if (config.sandbox.enabled) return true;
  const has = HAS_CREDENTIALS[name](draft);
  if (!config[name].enabled && has)
    warnings.push(`${name}: off, though it has credentials; set ${name}.enabled: true to use them`);
  if (config[name].enabled && !has)
    warnings.push(`${name}: off, as it has no credentials; set ${name}.enabled: false to be rid of this line`);
  return config[name].enabled && has;
}

/**
 * Decides which platforms are on, and checks the credentials of those. A platform that was not switched on or off by hand is on as
 * Gorush's default says, if it has credentials. With the sandbox every platform is on that was not switched off, and needs none.
 */
export function checkPlatforms(draft: Draft, findings: Findings): Record<PlatformName, boolean> {
  const { config, purpose, origin } = draft;
  const on = { ios: config.ios.enabled, android: config.android.enabled, huawei: config.huawei.enabled };
  if (purpose === 'ping') return on;
  const warnings: string[] = [];
  for (const name of NAMES) {
    if (purpose !== 'serve') on[name] = purpose === name;
    else if (origin(`${name}.enabled`) === 'default') on[name] = byDefault(draft, name, { ...findings, warnings });
  }
  if (!config.sandbox.enabled)
    for (const name of NAMES)
      if (on[name])
        findings.mistakes.push(...credentialTroubles(draft, name).map((trouble) => asMistake(trouble, purpose)));
  const known = NAMES.every((name) => !draft.broken(`${name}.enabled`));
  if (known && NAMES.every((name) => !on[name]) && !(purpose === 'serve' && hasApps(draft))) {
    const forgotten = NAMES.filter((name) => config[name].enabled).flatMap((name) => TROUBLES[name](draft));
    const ways = NAMES.map((name) => `${name}.enabled (${TITLES[name]})`).join(', ');
    const text = `please enable iOS, Android or Huawei config in yml config; set one of ${ways} to true`;
    findings.mistakes.push({ key: 'ios.enabled', text }, ...forgotten.map((trouble) => asMistake(trouble, purpose)));
  } else findings.warnings.push(...warnings);
  return on;
}
