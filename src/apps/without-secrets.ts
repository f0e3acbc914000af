import type { Leaf, NamedSections, Section } from '../config/leaf.ts';
import { isObject } from '../kit/is-object.ts';
import type { AppSettings } from '../providers/registry.ts';
import { builtIn, type ProviderTable } from '../providers/registry.ts';

type Part = Readonly<Record<string, unknown>>;

function strip(section: Section, values: Part): Part {
  const kept = Object.entries(values).flatMap(([name, value]): [string, unknown][] => {
    const child: Leaf | Section | NamedSections | undefined = section.properties[name];
    if (!child) return [];
    if (child.type !== 'object') return child.public ? [[name, value]] : [];
    return child.additionalProperties === false && isObject(value) ? [[name, strip(child, value)]] : [];
  });
  return Object.fromEntries(kept);
}

/** Only what the schema marks as `public`. */
export const withoutSecrets = (settings: AppSettings, { configSchema }: ProviderTable = builtIn): AppSettings =>
  strip(configSchema.app, settings as Part) as AppSettings;
