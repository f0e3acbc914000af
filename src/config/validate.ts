import { Ajv } from 'ajv';
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
  .addVocabulary(['public', 'martlet', 'unit', 'wanted', 'foldCase'])
  .compile(configSchema);

/** Paths of the keys whose values do not fit the schema. */
export function misfits(values: Config): Set<string> {
  validate(values);
  const paths = (validate.errors ?? []).map((error) =>
    error.instancePath
      .slice(1)
      .replaceAll('/', '.')
      .replace(/\.\d+$/, ''),
  );
  return new Set(paths);
}
