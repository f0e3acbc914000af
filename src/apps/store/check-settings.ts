import type { CredentialFacts, ProviderRow } from '../../carrier/provider-row.ts';
import { parseHeaders } from '../../feedback/headers.ts';
import { hookUrlMistake } from '../../feedback/hook-target.ts';
import { ConfigError } from '../../kit/errors.ts';
import { isWebhookSecret } from '../../kit/http/webhook-signature.ts';
import type { AppSettings } from '../../providers/registry.ts';
import { builtIn, type ProviderTable } from '../../providers/registry.ts';
import { partOf } from '../../providers/sections.ts';
import type { JsonObject } from '../../push/push.ts';
import type { SettingMistake } from './settings-form.ts';

export interface CheckRules {
  /** `apps.allow_private_hooks`, or the sandbox: URLs may lead to private addresses, and need not be https. */
  readonly allowPrivate: boolean;
  /** UNIX milliseconds. */
  readonly now?: number;
}

/** The settings as config.yml would have them. @param body of the right form */
export function normalSettings(body: unknown, { rows }: ProviderTable = builtIn): AppSettings {
  const settings = structuredClone(body) as Record<string, JsonObject | undefined>;
  for (const { platform, settings: rules } of rows) {
    const part = settings[platform];
    if (part && rules.stored.normal) settings[platform] = rules.stored.normal(part);
  }
  return settings as AppSettings;
}

/** A merge patch with what else has to change in the settings of a provider when it is laid over them. */
export function wholePatch(patch: unknown, { rows }: ProviderTable = builtIn): unknown {
  const parts = { ...(patch as Record<string, JsonObject | null | undefined>) };
  for (const { platform, settings: rules } of rows) {
    const part = parts[platform];
    if (part && rules.stored.patch) parts[platform] = rules.stored.patch(part);
  }
  return parts;
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

/** Addresses that credentials make the relay call. */
const addressMistakes = (settings: AppSettings, { rows }: ProviderTable, rules: CheckRules): SettingMistake[] =>
  rows.flatMap(({ platform, settings: { stored } }) => {
    const part = partOf(settings, platform);
    return ((part && stored.addresses?.(part)) ?? []).flatMap(({ key, what, url }) => {
      const wrong = urlMistake(url, rules);
      return wrong ? [{ path: `${platform}.${key}`, reason: `${what} ${wrong}` }] : [];
    });
  });

export interface CheckedSettings {
  readonly mistakes: readonly SettingMistake[];
  /** By platform; of those that the settings hold a credential for. */
  readonly facts: Readonly<Record<string, CredentialFacts>>;
}

/** Reads the credentials, and looks at the addresses. @param settings of the right form */
export function checkSettings(
  settings: AppSettings,
  rules: CheckRules,
  providers: ProviderTable = builtIn,
): CheckedSettings {
  const { now = Date.now() } = rules;
  const mistakes = [...webhookMistakes(settings, rules), ...addressMistakes(settings, providers, rules)];
  const facts: Record<string, CredentialFacts> = {};
  for (const row of providers.rows) {
    const { platform } = row;
    const found = factsOf(settings, row);
    if ('reason' in found) {
      if (mistakes.every(({ path }) => path !== found.path)) mistakes.push(found);
    } else if (found.facts) {
      facts[platform] = found.facts;
      const { not_after } = found.facts;
      if (not_after && Date.parse(not_after) <= now)
        mistakes.push({
          path: `${platform}.${row.settings.stored.expiring}`,
          reason: `the certificate expired at ${not_after}`,
        });
    }
  }
  return { mistakes, facts };
}

function factsOf(
  settings: AppSettings,
  { platform, settings: { stored } }: ProviderRow,
): { readonly facts: CredentialFacts | undefined } | SettingMistake {
  const part = partOf(settings, platform);
  try {
    return { facts: part && stored.facts(part) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { path: error.key || platform, reason: error.text };
  }
}
