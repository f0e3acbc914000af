import { hookUrlMistake } from '../../feedback/hook-target.ts';
import { isWebhookSecret } from '../../kit/http/webhook-signature.ts';
import { appSections } from '../../providers/app-sections.ts';
import type { AppSettings } from '../../providers/registry.ts';
import { partOf, withSections } from '../../providers/sections.ts';
import { DEFAULT_APP } from '../../push/app-name.ts';
import { credentialTroubles } from './check-platforms.ts';
import type { Draft, Findings } from './draft.ts';

function checkWebhook(prefix: string, { webhook }: AppSettings, { mistakes }: Findings): void {
  if (!webhook) return;
  const wrong = webhook.url && hookUrlMistake(webhook.url, { allowPrivate: webhook.allow_private === true });
  if (wrong) mistakes.push({ key: `${prefix}.webhook.url`, text: wrong });
  if (webhook.secret?.some((secret) => !isWebhookSecret(secret)))
    mistakes.push({ key: `${prefix}.webhook.secret`, text: 'must be whsec_ and base64 of 24 to 64 bytes each' });
}

/** The credentials of an app as those of the whole, but told under its name. */
function checkCredentials(name: string, settings: AppSettings, draft: Draft, { mistakes }: Findings): void {
  const { config, providers } = draft;
  const { byPlatform, own } = appSections({ config, providers, settings, inherit: config.apps.inherit });
  const merged: Draft = { ...draft, config: withSections(config, byPlatform) };
  for (const row of providers.rows) {
    const enabled = partOf(settings, row.platform)?.enabled;
    const isMeant = own.has(row.platform) || enabled === true;
    if (!isMeant || enabled === false) continue;
    for (const { key, text, advice } of credentialTroubles(merged, row))
      mistakes.push({ key: `apps.${name}.${key}`, text: advice ? `${text} (${advice})` : text });
  }
}

/** Names, credentials and hooks of the apps. */
export function checkApps(draft: Draft, findings: Findings): void {
  const { config } = draft;
  const spellings = new Map<string, string>();
  for (const [name, settings] of Object.entries(config.apps.named)) {
    const prefix = `apps.${name}`;
    const known = name.toLowerCase();
    const other = spellings.get(known);
    spellings.set(known, name);
    if (known === DEFAULT_APP)
      findings.mistakes.push({ key: prefix, text: 'is the name of the sections outside apps' });
    if (other !== undefined)
      findings.mistakes.push({ key: prefix, text: `is apps.${other}: the case of letters does not matter` });
    checkWebhook(prefix, settings, findings);
    if (!config.sandbox.enabled) checkCredentials(name, settings, draft, findings);
  }
}
