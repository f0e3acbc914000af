import { appSectionOf, appsSectionOf } from './apps-section.ts';
import { authSection } from './auth-section.ts';
import { apiSection, coreSection, grpcSection, sandboxSection } from './core-section.ts';
import { historySection } from './history-section.ts';
import { hubSection } from './hub-section.ts';
import { type FromSchema, type Leaf, type NamedSections, type Section, section } from './leaf.ts';
import { logSection, statSection } from './log-stat-sections.ts';
import { queueSection } from './queue-section.ts';
import { receiptsSection } from './receipts-section.ts';
import { tracingSection } from './tracing-section.ts';

/** The sections of the providers, by the names of their platforms. */
export type ProviderSections = Readonly<Record<string, Section>>;

/** config.yml: Gorush's keys in Gorush's order, then ours. */
const rootOf = <Sections extends ProviderSections>(providers: Sections) =>
  section('config.yml', {
    core: coreSection,
    api: apiSection,
    ...providers,
    queue: queueSection,
    log: logSection,
    stat: statSection,
    grpc: grpcSection,
    sandbox: sandboxSection,
    apps: appsSectionOf(providers),
    auth: authSection,
    history: historySection,
    receipts: receiptsSection,
    hub: hubSection,
    tracing: tracingSection,
  });

/** The whole configuration with these providers and with every default filled in; deeply frozen. Durations in seconds, sizes in bytes. */
export type ConfigOf<Sections extends ProviderSections> = FromSchema<ReturnType<typeof rootOf<Sections>>>;

/** What does not depend on the providers that there are. */
export type Config = ConfigOf<Record<never, never>>;

export interface ConfigKey {
  /** `core.auto_tls.host`; of an entry of a map with its name in it, `auth.keys.backend.scopes`. */
  readonly path: string;
  readonly leaf: Leaf;
  /** Its value when it is not set; undefined for the keys of a partial map. */
  readonly default: Leaf['default'] | undefined;
}

/** The names of the entries of each map, by the path of the map in the file. */
export type EntryNames = ReadonlyMap<string, readonly string[]>;

/** A section that holds named sections: where it is in the file, and what an entry looks like. */
export interface ConfigMap {
  readonly path: string;
  readonly map: NamedSections;
}

const NO_ENTRIES: EntryNames = new Map();

type Node = Leaf | Section | NamedSections;

/** The path in the file of what is under `name`: an inline map is where its section is. */
const pathOf = (prefix: string, name: string, child: Node): string =>
  'inline' in child ? prefix.slice(0, -1) : prefix + name;

/** Whether anything at or below a path of a partial map is set: of thousands of apps each sets a few keys. */
export type IsGiven = (path: string) => boolean;

const anything: IsGiven = () => true;

const keysOf = (part: Section, prefix: string, names: EntryNames, isGiven: IsGiven, partial = false): ConfigKey[] =>
  Object.entries(part.properties).flatMap(([name, child]) => {
    const path = pathOf(prefix, name, child);
    if (partial && !isGiven(path)) return [];
    if (child.type !== 'object') return [{ path, leaf: child, default: partial ? undefined : child.default }];
    if (child.additionalProperties === false) return keysOf(child, `${path}.`, names, isGiven, partial);
    const entry = child.additionalProperties;
    const isPartial = child.partial ?? partial;
    return (names.get(path) ?? []).flatMap((key) => keysOf(entry, `${path}.${key}.`, names, isGiven, isPartial));
  });

/** The keys of one entry of a map, by their paths inside it: `ios.key_path`. */
export const keysOfEntry = (map: NamedSections): readonly ConfigKey[] =>
  keysOf(map.additionalProperties, '', NO_ENTRIES, anything, map.partial);

const mapsOf = (part: Section, prefix: string): ConfigMap[] =>
  Object.entries(part.properties).flatMap(([name, child]) => {
    if (child.type !== 'object') return [];
    const path = pathOf(prefix, name, child);
    return child.additionalProperties === false ? mapsOf(child, `${path}.`) : [{ path, map: child }];
  });

type ValueOf = (key: ConfigKey) => unknown;

/** In an entry of a partial map keys that are not set are left out, and so are sections without any. */
const isThere = (value: unknown): boolean =>
  value !== undefined && !(typeof value === 'object' && value !== null && Object.keys(value).length === 0);

/** What a configuration is made of. */
interface Parts {
  readonly value: ValueOf;
  readonly names: EntryNames;
  readonly isGiven: IsGiven;
}

function build(part: Section, prefix: string, parts: Parts, partial = false): object {
  const { value, names, isGiven } = parts;
  const entries = Object.entries(part.properties).map(([name, child]): [string, unknown] => {
    const path = pathOf(prefix, name, child);
    if (partial && !isGiven(path)) return [name, undefined];
    if (child.type !== 'object')
      return [name, value({ path, leaf: child, default: partial ? undefined : child.default })];
    if (child.additionalProperties === false) return [name, build(child, `${path}.`, parts, partial)];
    const entry = child.additionalProperties;
    const named = (names.get(path) ?? []).map((key) => [
      key,
      build(entry, `${path}.${key}.`, parts, child.partial ?? partial),
    ]);
    return [name, Object.assign(Object.create(null), Object.fromEntries(named))];
  });
  return Object.fromEntries(partial ? entries.filter(([, child]) => isThere(child)) : entries);
}

/** The JSON Schema of config.yml: types, defaults, errors and the documents come from here. */
export interface ConfigSchema<Whole = Config> {
  readonly root: Section;
  /** An app: what it sets lies, key by key, over the sections of the same name outside `apps`. */
  readonly app: Section;
  /** Every key that does not depend on names. */
  readonly keys: readonly ConfigKey[];
  /** The variables that set them. */
  readonly variables: ReadonlySet<string>;
  /** Every map, in the order of the schema. */
  readonly maps: readonly ConfigMap[];
  /** Every key, in the order of the schema; the keys of a map's entries for the names that are given. @param isGiven default: all are */
  keysWith(names: EntryNames, isGiven?: IsGiven): readonly ConfigKey[];
  /** A configuration made of one value for each key; the caller answers for their types. */
  build(value: ValueOf, names?: EntryNames, isGiven?: IsGiven): Whole;
}

/** The schema with the sections of these providers. */
export function createConfigSchema<Sections extends ProviderSections>(
  providers: Sections,
): ConfigSchema<ConfigOf<Sections>> {
  const root = rootOf(providers) as unknown as Section;
  const keysWith = (names: EntryNames, isGiven = anything) => keysOf(root, '', names, isGiven);
  const keys = keysWith(NO_ENTRIES);
  return {
    root,
    app: appSectionOf(providers),
    keys,
    variables: new Set(variablesOf(keys)),
    maps: mapsOf(root, ''),
    keysWith,
    build: (value, names = NO_ENTRIES, isGiven = anything) =>
      build(root, '', { value, names, isGiven }) as ConfigOf<Sections>,
  };
}

/** Of the variables that set keys; the first overrides the second. */
export const variablePrefixes = ['MARTLET_', 'GORUSH_'] as const;

export const variablesOf = (keys: readonly ConfigKey[]): string[] =>
  variablePrefixes.flatMap((prefix) => keys.map((key) => prefix + environmentName(key.path)));

/** `core.auto_tls.host` → `CORE_AUTO_TLS_HOST`, to follow `GORUSH_` or `MARTLET_`. */
export const environmentName = (path: string): string => path.toUpperCase().replaceAll(/[.-]/g, '_');
