import type { ProviderRow, SectionValues } from '../carrier/provider-row.ts';
import type { Leaf, NamedSections, Section } from '../config/leaf.ts';
import type { AppSettings, ProviderTable } from './registry.ts';
import { layOver, partOf, type SectionsByPlatform } from './sections.ts';

/** What an app sends with: the sections of the configuration with its own settings laid over them. */
export interface AppSections {
  readonly byPlatform: SectionsByPlatform;
  /** The apns-topic of notifications without one; empty: none. */
  readonly defaultTopic: string;
  /** Platforms whose credential is the app's own. */
  readonly own: ReadonlySet<string>;
}

/** An app's settings, and what they lie over. */
export interface SectionSources {
  /** With the sections of the providers. */
  readonly config: object;
  readonly providers: ProviderTable;
  readonly settings: AppSettings;
  /** False: an app sends with credentials of its own only. Default true. */
  readonly inherit?: boolean;
}

/** True when the app gives a credential of its own for the platform. */
export function hasOwnCredential(settings: AppSettings, { platform, settings: { identity } }: ProviderRow): boolean {
  const part = partOf(settings, platform) ?? {};
  return identity.whole.some((key) => isSet(part[key]));
}

const isSet = (value: unknown): boolean =>
  value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);

/** A key, or a section of keys, as if it were not set. */
const unset = (child: Leaf | Section | NamedSections | undefined): unknown =>
  child?.type === 'object'
    ? Object.fromEntries(
        Object.entries(child.additionalProperties === false ? child.properties : {}).map(([key, inner]) => [
          key,
          unset(inner),
        ]),
      )
    : child?.default;

/** The keys that say who we are, as if they were not set. */
const bare = ({ section, settings: { identity } }: ProviderRow): Record<string, unknown> =>
  Object.fromEntries(identity.all.map((key) => [key, unset(section.properties[key])]));

/**
 * Field by field, an app's settings override the defaults. A platform is on when the app has a credential for it or the default
 * sections have, unless it says `enabled: false`; `enabled: true` alone makes no credential.
 */
export function appSections({ config, providers, settings, inherit = true }: SectionSources): AppSections {
  const own = new Set(providers.rows.filter((row) => hasOwnCredential(settings, row)).map(({ platform }) => platform));
  const rate = settings.rate_limit === undefined ? {} : { rate_limit: settings.rate_limit };
  const sections = providers.rows.map((row): [string, SectionValues] => {
    const { platform, section } = row;
    const base = (config as SectionsByPlatform)[platform] as SectionValues;
    const isOwn = own.has(platform);
    const under = { ...base, ...(isOwn ? bare(row) : {}), ...rate, enabled: isOwn || base.enabled };
    const laid = layOver(section, under, partOf(settings, platform) ?? {}) as unknown as SectionValues;
    return [platform, isOwn || (inherit && base.enabled) ? laid : { ...laid, enabled: false }];
  });
  return { byPlatform: Object.fromEntries(sections), defaultTopic: settings.default_topic ?? '', own };
}

/** Settings of an app without what says who it is: where everything goes to simulated providers, which know one credential. */
export function withoutCredentials(settings: AppSettings, { rows }: ProviderTable): AppSettings {
  const parts = rows.flatMap(({ platform, settings: { identity } }) => {
    const part = partOf(settings, platform);
    return part
      ? [[platform, Object.fromEntries(Object.entries(part).filter(([key]) => !identity.all.includes(key)))]]
      : [];
  });
  return { ...settings, ...Object.fromEntries(parts) };
}

/** The section of a provider; by its name, `apns`. */
export const sectionFor = ({ byPlatform }: Pick<AppSections, 'byPlatform'>, { platform }: ProviderRow): SectionValues =>
  byPlatform[platform] as SectionValues;
