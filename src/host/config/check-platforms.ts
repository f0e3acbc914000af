import type { ProviderRow, SectionValues } from '../../carrier/provider-row.ts';
import type { SettingsTrouble } from '../../carrier/settings-trouble.ts';
import { type Mistake, withGorush } from '../../config/mistake.ts';
import { ConfigError } from '../../kit/errors.ts';
import { type SectionsByPlatform, sectionsOf } from '../../providers/sections.ts';
import type { Draft, Findings } from './draft.ts';
import { hasApps } from './has-apps.ts';

const sectionOf = ({ config, providers }: Draft, { platform }: ProviderRow): SectionValues =>
  sectionsOf(config, providers)[platform] as SectionValues;

const formTroubles = (draft: Draft, row: ProviderRow): readonly SettingsTrouble[] =>
  row.settings.troubles(sectionOf(draft, row), draft);

/** What is wrong with the credentials of a platform; their content is tried when nothing else is. */
export function credentialTroubles(draft: Draft, row: ProviderRow): readonly SettingsTrouble[] {
  const troubles = formTroubles(draft, row);
  if (troubles.length > 0) return troubles;
  try {
    draft.tryCredentials[row.platform]?.(draft.config);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [{ key: error.key || row.platform, text: error.text }];
  }
}

/** Gorush tells the server's mistakes in other words than those of a push from the command line. */
function asMistake({ key, text, logged, sendLog, headline, advice }: SettingsTrouble, { purpose }: Draft): Mistake {
  const serving = purpose === 'serve';
  if (serving && logged !== undefined) return { key, text: withGorush(headline ?? advice ?? text, logged) };
  const words = serving ? text : `Failed to send notification: ${text}`;
  const [first, ...others] = [headline, words, advice, serving ? undefined : (sendLog ?? logged)].filter(
    (part) => part !== undefined,
  );
  return { key, text: others.length > 0 ? `${first} (${others.join('; ')})` : `${first}` };
}

/** One platform of a server that was not told to switch it on or off. */
function byDefault(draft: Draft, row: ProviderRow, warnings: string[]): boolean {
  if (draft.config.sandbox.enabled) return true;
  const section = sectionOf(draft, row);
  const has = row.settings.isGiven(section, draft.env);
  const name = row.platform;
  if (!section.enabled && has)
    warnings.push(`${name}: off, though it has credentials; set ${name}.enabled: true to use them`);
  if (section.enabled && !has && row.settings.missed)
    warnings.push(`${name}: off, as it has no credentials; set ${name}.enabled: false to be rid of this line`);
  return section.enabled && has;
}

/** Nothing can be sent at all: which switches there are, and what those lack that are on. */
function nothingIsOn(draft: Draft): Mistake[] {
  const { rows } = draft.providers;
  const forgotten = rows.filter((row) => sectionOf(draft, row).enabled && row.settings.missed);
  const ways = rows.map(({ platform, title }) => `${platform}.enabled (${title.platform})`).join(', ');
  const text = `please enable iOS, Android or Huawei config in yml config; set one of ${ways} to true`;
  const troubles = forgotten.flatMap((row) => formTroubles(draft, row));
  return [{ key: 'ios.enabled', text }, ...troubles.map((trouble) => asMistake(trouble, draft))];
}

/**
 * Decides which platforms are on, and checks the credentials of those. A platform that was not switched on or off by hand is on as
 * its default says, if it has credentials. With the sandbox every platform is on that was not switched off, and needs none.
 */
export function checkPlatforms(draft: Draft, findings: Findings): Readonly<Record<string, boolean>> {
  const { config, purpose, origin, providers } = draft;
  const on = switches(sectionsOf(config, providers));
  if (purpose === 'ping') return on;
  const warnings: string[] = [];
  for (const row of providers.rows) {
    if (purpose !== 'serve') on[row.platform] = purpose === row.platform;
    else if (origin(`${row.platform}.enabled`) === 'default') on[row.platform] = byDefault(draft, row, warnings);
  }
  const used = providers.rows.filter(({ platform }) => on[platform]);
  if (!config.sandbox.enabled)
    for (const row of used)
      findings.mistakes.push(...credentialTroubles(draft, row).map((trouble) => asMistake(trouble, draft)));
  const known = providers.platforms.every((platform) => !draft.broken(`${platform}.enabled`));
  if (known && used.length === 0 && !(purpose === 'serve' && (hasApps(draft) || sendsElsewhere(draft))))
    findings.mistakes.push(...nothingIsOn(draft));
  else findings.warnings.push(...warnings);
  return on;
}

/** The hub sends through others, or to no device. */
const sendsElsewhere = ({ config: { hub } }: Draft): boolean => hub.enabled && hub.push.mode !== 'local';

const switches = (sections: SectionsByPlatform): Record<string, boolean> =>
  Object.fromEntries(Object.entries(sections).map(([platform, { enabled }]) => [platform, enabled]));
