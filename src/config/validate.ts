import { Ajv } from 'ajv';
import { NumberText } from './coerce.ts';
import type { Origin } from './draft.ts';
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

export function schemaMistake({ path, leaf }: ConfigKey, { raw, origin }: { raw: unknown; origin: Origin }): Mistake {
  const value = raw instanceof NumberText ? raw.source : raw;
  const source = origin === 'file' ? '' : ` (${origin})`;
  const sentence = SENTENCES[path]?.(value);
  return {
    key: path,
    text: `${sentence ? `${sentence}; ` : ''}must be ${wanted(leaf)}, is ${shownValue(leaf, value)}${source}`,
  };
}

/** Paths of the keys whose values do not fit the schema. */
export function misfits(values: Config): Set<string> {
  const ajv = new Ajv({ allErrors: true });
  ajv.addVocabulary(['public', 'martlet', 'unit', 'wanted', 'foldCase']);
  const validate = ajv.compile(configSchema);
  validate(values);
  const paths = (validate.errors ?? []).map((error) =>
    error.instancePath
      .slice(1)
      .replaceAll('/', '.')
      .replace(/\.\d+$/, ''),
  );
  return new Set(paths);
}
