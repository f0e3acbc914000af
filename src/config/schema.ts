import { apiSection, coreSection, grpcSection } from './core-section.ts';
import { type FromSchema, type Leaf, type Section, section } from './leaf.ts';
import { logSection, statSection } from './log-stat-sections.ts';
import { androidSection, huaweiSection, iosSection, sandboxSection } from './provider-sections.ts';
import { queueSection } from './queue-section.ts';

/** The JSON Schema of config.yml: Gorush's keys in Gorush's order, then ours. Types, defaults, errors and the docs come from here. */
export const configSchema = section('config.yml', {
  core: coreSection,
  api: apiSection,
  android: androidSection,
  huawei: huaweiSection,
  ios: iosSection,
  queue: queueSection,
  log: logSection,
  stat: statSection,
  grpc: grpcSection,
  sandbox: sandboxSection,
});

/** The whole configuration with every default filled in; deeply frozen. Durations in seconds, sizes in bytes. */
export type Config = FromSchema<typeof configSchema>;

export interface ConfigKey {
  /** `core.auto_tls.host` */
  readonly path: string;
  readonly leaf: Leaf;
}

const leavesOf = (part: Section, prefix: string): ConfigKey[] =>
  Object.entries(part.properties).flatMap(([name, child]) =>
    child.type === 'object' ? leavesOf(child, `${prefix}${name}.`) : [{ path: prefix + name, leaf: child }],
  );

/** Every key, in the order of the schema. */
export const configKeys: readonly ConfigKey[] = leavesOf(configSchema, '');

const build = (part: Section, prefix: string, value: (key: ConfigKey) => unknown): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(part.properties).map(([name, child]) => {
      const path = prefix + name;
      return [name, child.type === 'object' ? build(child, `${path}.`, value) : value({ path, leaf: child })];
    }),
  );

/** A configuration made of one value for each key; the caller answers for their types. */
export const buildConfig = (value: (key: ConfigKey) => unknown): Config => build(configSchema, '', value) as Config;

/** `core.auto_tls.host` → `CORE_AUTO_TLS_HOST`, to follow `GORUSH_` or `MARTLET_`. */
export const environmentName = (path: string): string => path.toUpperCase().replaceAll('.', '_');
