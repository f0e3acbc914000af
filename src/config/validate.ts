import { Ajv } from 'ajv';
import type { Leaf, NamedSections, Section } from './leaf.ts';
import { type Mistake, shownValue, wanted } from './mistake.ts';
import { type Config, type ConfigKey, configSchema } from './schema.ts';

/** Gorush's sentence for a value outside its list. */
const SENTENCES: Record<string, (raw: unknown) => string> = {
  'stat.engine': () => "storage error: can't find storage driver",
  'queue.engine': (raw) => `unsupported queue engine: ${raw}`,
  'log.access_level': (raw) =>
    `can't load log module, error: Set access log level error: not a valid logrus Level: "${raw}"`,
  'log.error_level': (raw) =>
    `can't load log module, error: Set error log level error: not a valid logrus Level: "${raw}"`,
};

export function schemaMistake({ path, leaf }: ConfigKey, raw: unknown): Mistake {
  const sentence = SENTENCES[path]?.(raw);
  return { key: path, text: `${sentence ? `${sentence}; ` : ''}must be ${wanted(leaf)}, is ${shownValue(leaf, raw)}` };
}

const validate = new Ajv({ allErrors: true })
  .addVocabulary(['public', 'martlet', 'unit', 'wanted', 'foldCase', 'inline', 'partial'])
  .compile(configSchema);

/** `/auth/keys/backend/scopes/0` → `auth.keys.backend.scopes`: the key, without the item, and without the names of inline maps. */
function pathOf(pointer: string): string {
  const path: string[] = [];
  let at: Leaf | Section | NamedSections | undefined = configSchema;
  for (const part of pointer.slice(1).split('/')) {
    if (at?.type !== 'object') break;
    at = at.additionalProperties === false ? at.properties[part] : at.additionalProperties;
    if (!(at && 'inline' in at)) path.push(part);
  }
  return path.join('.');
}

/** Paths of the keys whose values do not fit the schema. */
export function misfits(values: Config): Set<string> {
  validate(values);
  return new Set((validate.errors ?? []).map((error) => pathOf(error.instancePath)));
}
