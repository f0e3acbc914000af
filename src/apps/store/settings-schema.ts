import type { JsonForm, ProviderRow } from '../../carrier/provider-row.ts';
import { type Leaf, type NamedSections, recordShape, type Section } from '../../config/leaf.ts';
import { builtIn, type ProviderTable } from '../../providers/registry.ts';

type Schema = { readonly [keyword: string]: unknown };

/** What the rows say of keys that callers may not set, and of keys that JSON says otherwise, by path. */
interface Rules {
  readonly refused: Readonly<Record<string, string>>;
  readonly json: Readonly<Record<string, JsonForm>>;
}

const underPlatform = <T>({ rows }: ProviderTable, of: (row: ProviderRow) => Readonly<Record<string, T>> | undefined) =>
  Object.fromEntries(
    rows.flatMap((row) => Object.entries(of(row) ?? {}).map(([key, value]) => [`${row.platform}.${key}`, value])),
  );

/** Keys of the file that would let a caller read this machine or reach its network. The text says why, and what to do instead. */
export const refusedKeys = (providers: ProviderTable): Readonly<Record<string, string>> => ({
  ...underPlatform(providers, ({ settings }) => settings.stored.refused),
  'webhook.allow_private': 'is set in config.yml only',
  hub: 'is set in config.yml only',
});

/** Keys whose value JSON says otherwise than the file: one of some words, or an object as well as a text. */
export const jsonKeys = (providers: ProviderTable): Readonly<Record<string, JsonForm>> =>
  underPlatform(providers, ({ settings }) => settings.stored.json);

const rulesOf = (providers: ProviderTable): Rules => ({ refused: refusedKeys(providers), json: jsonKeys(providers) });

const KEPT = ['type', 'items', 'minimum', 'maximum', 'pattern', 'description'] as const;

const keptOf = (leaf: Leaf): Schema => ({
  ...Object.fromEntries(KEPT.filter((key) => leaf[key] !== undefined).map((key) => [key, leaf[key]])),
  ...itemsOf(leaf),
});

/** Records as JSON Schema, without the annotations of ours. */
function itemsOf(leaf: Leaf): Schema {
  const shape = recordShape(leaf);
  if (!shape) return {};
  const properties = Object.entries(shape.properties).map(([key, child]) => [
    key,
    { ...keptOf(child), ...(child.enum ? { enum: child.enum } : {}) },
  ]);
  return { items: { type: 'object', additionalProperties: false, properties: Object.fromEntries(properties) } };
}

const orNull = (schema: Schema, nullable: boolean): Schema =>
  nullable && !('enum' in schema) ? { ...schema, type: [schema.type, 'null'].flat() } : schema;

/** Writes JSON Schema from sections of config.yml. */
class SettingsWriter {
  readonly #rules: Rules;
  /** `null` takes a key away. */
  readonly #nullable: boolean;

  constructor(rules: Rules, nullable: boolean) {
    this.#rules = rules;
    this.#nullable = nullable;
  }

  section(section: Section, prefix: string): Schema {
    const properties = Object.entries(section.properties).flatMap(([name, child]): [string, Schema][] => {
      const path = prefix + name;
      if (path in this.#rules.refused) return [];
      return [[name, child.type === 'object' ? this.#child(child, `${path}.`) : this.#leaf(child, path)]];
    });
    return {
      type: 'object',
      additionalProperties: false,
      description: section.description,
      properties: Object.fromEntries(properties),
    };
  }

  #child(child: Section | NamedSections, prefix: string): Schema {
    return orNull(this.section(child as Section, prefix), this.#nullable);
  }

  #leaf(leaf: Leaf, path: string): Schema {
    const kept = keptOf(leaf);
    const own: JsonForm | undefined = this.#rules.json[path];
    const schema = orNull({ ...kept, ...own }, this.#nullable);
    return this.#nullable && own?.enum ? { ...schema, type: ['string', 'null'], enum: [...own.enum, null] } : schema;
  }
}

/** The settings of an app as JSON (JSON Schema 2020-12), from the very section of config.yml. */
export const settingsSchema = (providers: ProviderTable = builtIn): Schema =>
  new SettingsWriter(rulesOf(providers), false).section(providers.configSchema.app, '');

/** A merge patch for them (RFC 7396): `null` takes a key away. */
export const settingsPatchSchema = (providers: ProviderTable = builtIn): Schema =>
  new SettingsWriter(rulesOf(providers), true).section(providers.configSchema.app, '');

/** The settings of one provider. */
export const providerSchema = ({ platform, section }: ProviderRow, providers: ProviderTable = builtIn): Schema =>
  new SettingsWriter(rulesOf(providers), false).section(section, `${platform}.`);
