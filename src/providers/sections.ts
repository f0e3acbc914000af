import type { SectionValues } from '../carrier/provider-row.ts';
import type { Section } from '../config/leaf.ts';
import type { Config } from '../config/schema.ts';
import type { AppSettings, ProviderTable } from './registry.ts';

/** Settings of one provider in an app: any key may be absent. */
export type PartialSection = { readonly [Key in keyof SectionValues]?: SectionValues[Key] } & {
  readonly [key: string]: unknown;
};

/** A configuration as far as its sections of providers go. */
export type SectionsByPlatform = Readonly<Record<string, SectionValues>>;

/** The sections of the providers in a configuration of the table's schema. */
export function sectionsOf(config: object, { platforms }: Pick<ProviderTable, 'platforms'>): SectionsByPlatform {
  const all = config as SectionsByPlatform;
  return Object.fromEntries(platforms.map((platform) => [platform, all[platform] as SectionValues]));
}

/** What an app sets of a provider's section; undefined: nothing. */
export const partOf = (settings: AppSettings, platform: string): PartialSection | undefined =>
  (settings as Readonly<Record<string, PartialSection | undefined>>)[platform];

/** The configuration with these sections in place of its own. */
export const withSections = <Whole extends Config>(
  config: Whole,
  sections: Readonly<Record<string, object>>,
): Whole => ({
  ...config,
  ...sections,
});

type Values = Readonly<Record<string, unknown>>;

/** Settings laid over a section, key by key, within the sections in it too. */
export function layOver(section: Section, base: Values, own: Values): Values {
  const laid = Object.entries(own).map(([name, value]): [string, unknown] => {
    const child = section.properties[name];
    const isSection = child?.type === 'object' && child.additionalProperties === false;
    return [name, isSection ? layOver(child, base[name] as Values, value as Values) : value];
  });
  return { ...base, ...Object.fromEntries(laid) };
}
