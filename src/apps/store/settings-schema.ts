import { appSection } from '../../config/apps-section.ts';
import type { Leaf, NamedSections, Section } from '../../config/leaf.ts';

type Schema = { readonly [keyword: string]: unknown };

const FILES = 'a file cannot be named here; send what is in it';
const OPERATOR = 'is set in config.yml only';

/** Keys of the file that would let a caller read this machine or reach its network. The text says why, and what to do instead. */
export const refusedKeys: Readonly<Record<string, string>> = {
  'ios.key_path': `${FILES}, in base64, as key_base64`,
  'ios.endpoint': OPERATOR,
  'ios.sandbox_endpoint': OPERATOR,
  'android.key_path': `${FILES} as credential`,
  'android.endpoint': OPERATOR,
  'huawei.endpoint': OPERATOR,
  'huawei.auth_endpoint': OPERATOR,
  'webhook.allow_private': OPERATOR,
};

/** What JSON may say more strictly, or more conveniently, than a file. */
const special: Readonly<Record<string, Schema>> = {
  'ios.key_type': { enum: ['p8', 'pem', 'p12'] },
  'android.credential': {
    type: ['string', 'object'],
    additionalProperties: { type: 'string' },
    description: 'The service account: its JSON as it is, as a text, or in base64.',
  },
};

const KEPT = ['type', 'items', 'minimum', 'maximum', 'pattern', 'description'] as const;

const orNull = (schema: Schema, nullable: boolean): Schema =>
  nullable && !('enum' in schema) ? { ...schema, type: [schema.type, 'null'].flat() } : schema;

function leafSchema(leaf: Leaf, path: string, nullable: boolean): Schema {
  const kept = Object.fromEntries(KEPT.filter((key) => leaf[key] !== undefined).map((key) => [key, leaf[key]]));
  const own = special[path] ?? {};
  const schema = orNull({ ...kept, ...own }, nullable);
  return nullable && 'enum' in own
    ? { ...schema, type: ['string', 'null'], enum: [...(own.enum as string[]), null] }
    : schema;
}

function sectionSchema(section: Section, prefix: string, nullable: boolean): Schema {
  const properties = Object.entries(section.properties).flatMap(([name, child]): [string, Schema][] => {
    const path = prefix + name;
    if (path in refusedKeys) return [];
    if (child.type !== 'object') return [[name, leafSchema(child, path, nullable)]];
    return [[name, childSchema(child, `${path}.`, nullable)]];
  });
  const { description } = section;
  return { type: 'object', additionalProperties: false, description, properties: Object.fromEntries(properties) };
}

const childSchema = (child: Section | NamedSections, prefix: string, nullable: boolean): Schema =>
  orNull(sectionSchema(child as Section, prefix, nullable), nullable);

/** The settings of an app as JSON (JSON Schema 2020-12), from the very section of config.yml. */
export const settingsSchema: Schema = sectionSchema(appSection, '', false);

/** A merge patch for them (RFC 7396): `null` takes a key away. */
export const settingsPatchSchema: Schema = sectionSchema(appSection, '', true);

/** The settings of one provider. */
export const providerSchema = (platform: 'ios' | 'android' | 'huawei'): Schema =>
  sectionSchema(appSection.properties[platform], `${platform}.`, false);
