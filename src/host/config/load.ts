import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import type { SectionValues } from '../../carrier/provider-row.ts';
import { coerce } from '../../config/coerce.ts';
import {
  type EnvironmentVariables,
  fromEnvironment,
  mayReach,
  namesFromEnvironment,
  ourVariables,
  unknownVariables,
} from '../../config/environment.ts';
import { findConfigFile } from '../../config/file/find-file.ts';
import { type FileContent, readConfigFile, readConfigValues } from '../../config/file/read-file.ts';
import { configError, type Mistake, placeText } from '../../config/mistake.ts';
import type { Config, ConfigKey, ConfigSchema, EntryNames, IsGiven } from '../../config/schema.ts';
import { nearestKey } from '../../config/unknown/nearest-key.ts';
import { insteadOfKey } from '../../config/unknown/retired-keys.ts';
import { fits, schemaMistake } from '../../config/validate.ts';
import { fromAlias } from '../../config/variable-aliases.ts';
import { listenHost } from '../../kit/net/listen-address.ts';
import { builtIn, type FullConfig, type ProviderTable } from '../../providers/registry.ts';
import { sectionsOf, withSections } from '../../providers/sections.ts';
import { checkApps } from './check-apps.ts';
import { checkAuth } from './check-auth.ts';
import { checkHub, checkHubLinks } from './check-hub.ts';
import { checkPlatforms } from './check-platforms.ts';
import { checkQueue } from './check-queue.ts';
import { checkServer } from './check-server.ts';
import type { CredentialTrials, Draft, Findings, Origin, Purpose } from './draft.ts';

export interface LoadOptions {
  /** The file that `-c` names; without it Gorush's search path. */
  readonly path?: string | undefined;
  /** What a file would hold; then none is looked for. */
  readonly values?: Readonly<Record<string, unknown>> | undefined;
  readonly env: EnvironmentVariables;
  readonly cwd: string;
  readonly home?: string | undefined;
  /** Values from the command line by key path. */
  readonly flags?: Readonly<Record<string, string | boolean>>;
  /** Default `serve`. Other purposes check only what they need. */
  readonly purpose?: Purpose;
  /** Default: those of this version. */
  readonly providers?: ProviderTable;
  /** Reads the credentials of each platform that is on, so that their mistakes are reported with all others; `true`: all of them. */
  readonly tryCredentials?: CredentialTrials | true;
  /** For `core.worker_num: 0`. */
  readonly cpus?: number;
}

export interface LoadedConfig {
  /** Deeply frozen; `ios.enabled` and its like tell what is really on. */
  readonly config: FullConfig;
  /** The file that was read; absent when there was none. */
  readonly file?: string;
  /** One line each, for the log. Without secrets. */
  readonly warnings: readonly string[];
  /** Keys and variables that nothing knows, also told in `warnings`: `martlet check` fails on them. */
  readonly unknown: readonly string[];
  /** Keys that the file, the environment or the command line sets. */
  readonly given: ReadonlySet<string>;
  /** ` [config.yml:12:3]`: where the file says a key, or has its section; empty where another place sets it. */
  readonly placeOf: (key: string) => string;
}

interface Given {
  readonly raw: unknown;
  readonly value: unknown;
  readonly origin: Origin;
}

const GORUSH_QUEUE_NUM = 8192;

const NO_FILE =
  'no configuration file was found, neither here nor in ~/.gorush nor in /etc/gorush: have martlet init write one, or name one with -c';

/** Flags override the environment, the environment the file, the file the defaults. */
function pick(
  { path, leaf, default: byDefault }: ConfigKey,
  { flags = {}, env, aliases }: LoadOptions & { readonly aliases: EnvironmentVariables },
  file: FileContent,
  schema: ConfigSchema,
): Given {
  const variable = fromEnvironment(env, path, schema) ?? fromAlias(aliases, path);
  const [raw, origin] =
    flags[path] !== undefined
      ? [flags[path], 'command line']
      : variable
        ? [variable.value, variable.name]
        : file.values.has(path)
          ? [file.values.get(path), 'file']
          : [undefined, 'default'];
  return { raw, origin, value: raw === undefined ? byDefault : coerce(leaf, raw) };
}

/** The names in each map: those of the file, then those that only variables know. */
const namesOf = (env: EnvironmentVariables, file: FileContent, schema: ConfigSchema): EntryNames =>
  new Map(
    schema.maps.map((map) => {
      const inFile = [...(file.names.get(map.path) ?? [])];
      return [map.path, [...inFile, ...namesFromEnvironment(env, map, inFile, schema)]];
    }),
  );

/** Which keys and sections of apps there is anything for; with variables for apps it may be any. */
function givenIn({ values }: FileContent, env: EnvironmentVariables): IsGiven | undefined {
  if (mayReach(env, 'apps')) return undefined;
  const given = new Set<string>();
  for (const path of values.keys())
    for (let end = path.length; end > 0 && !given.has(path.slice(0, end)); end = path.lastIndexOf('.', end - 1))
      given.add(path.slice(0, end));
  return (path) => given.has(path);
}

function unknownKeys(
  file: FileContent,
  keysOf: () => readonly ConfigKey[],
  { maps }: ConfigSchema,
  placed: (key: string) => string,
): string[] {
  if (file.unknown.length === 0) return [];
  const known = [...keysOf(), ...maps].map((key) => key.path);
  return file.unknown.map((path) => {
    const instead = insteadOfKey(path);
    if (instead !== undefined) return `key \`${path}\` of an older Gorush: ${instead}${placed(path)}`;
    const near = nearestKey(path, known);
    return `unknown key \`${path}\`${near ? `, did you mean \`${near}\`?` : ''}${placed(path)}`;
  });
}

/** What zeroes and empty texts of Gorush's file stand for, and which platforms are on in the end. */
function effective(config: Config, on: Record<string, boolean>, options: LoadOptions): Record<string, unknown> {
  const { core } = config;
  return {
    ...(core.worker_num <= 0 ? { 'core.worker_num': options.cpus ?? availableParallelism() } : {}),
    ...(core.queue_num === 0 ? { 'core.queue_num': GORUSH_QUEUE_NUM } : {}),
    ...(core.port === '' ? { 'core.port': '8088' } : {}),
    'core.address': listenHost(core.address),
    ...(core.feedback_timeout === 0 ? { 'core.feedback_timeout': 10 } : {}),
    ...Object.fromEntries(Object.entries(on).map(([platform, isOn]) => [`${platform}.enabled`, isOn])),
  };
}

/** An origin is glued to paths: `https://host/` is meant as `https://host`. */
const withoutSlash = (path: string, value: unknown): unknown =>
  path.endsWith('endpoint') && typeof value === 'string' ? value.replace(/\/$/, '') : value;

/** A mistake that the environment made names the variable, one of the file says where it stands. */
function withOrigin({ key, text }: Mistake, { origin }: Draft, placed: (key: string) => string): Mistake {
  const from = origin(key);
  if (/^[A-Z]/.test(from)) return { key, text: `${text} (set by ${from})` };
  return { key, text: from === 'command line' ? text : text + placed(key) };
}

/** Says where in the file a key, or the section around it, stands; nothing where there is no file. */
function placesIn(file: string | undefined, content: FileContent, cwd: string): (key: string) => string {
  if (file === undefined) return () => '';
  const near = relative(cwd, file);
  const shown = near.startsWith('..') ? file : near;
  return (key) => {
    const place = content.placeOf(key);
    return place ? placeText(shown, place) : '';
  };
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) freeze(child);
  return Object.freeze(value);
}

function withPlatforms({ config, providers }: Draft, on: Readonly<Record<string, boolean>>): FullConfig {
  const sections = Object.entries(sectionsOf(config, providers));
  const switched = sections.map(([platform, section]) => [platform, { ...section, enabled: on[platform] === true }]);
  return withSections(config, Object.fromEntries(switched));
}

/** The checks beyond the schema; a complaint about a key that is wrong anyway is left out. */
function check(draft: Draft, mistakes: Mistake[], warnings: string[]): Readonly<Record<string, boolean>> {
  const findings: Findings = { mistakes: [], warnings };
  checkServer(draft, findings);
  if (draft.purpose === 'serve') {
    checkQueue(draft, findings);
    checkAuth(draft, findings);
    checkHub(draft, findings);
  }
  const on = checkPlatforms(draft, findings);
  if (draft.purpose === 'serve') checkHubLinks(draft, on, findings);
  if (draft.purpose === 'serve') checkApps({ ...draft, config: withPlatforms(draft, on) }, findings);
  mistakes.push(...findings.mistakes.filter(({ key }) => !draft.broken(key)));
  return on;
}

/** Reads the credential of each platform as `open` would. */
const allTrials = ({ rows }: ProviderTable, env: EnvironmentVariables): CredentialTrials =>
  Object.fromEntries(
    rows.map(({ platform, settings }) => [
      platform,
      (config) => settings.read?.((config as unknown as Record<string, SectionValues>)[platform] as SectionValues, env),
    ]),
  );

/**
 * The configuration: defaults, file, GORUSH_ and MARTLET_ variables, flags, each over the one before.
 * Throws one ConfigError that tells every mistake, a line each.
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const { providers = builtIn, values } = options;
  const file = values ? undefined : options.path || findConfigFile(options.cwd, options.home);
  const { configSchema: schema } = providers;
  const content = file ? readConfigFile(file, Boolean(options.path), schema) : readConfigValues(values ?? {}, schema);
  const placed = placesIn(file, content, options.cwd);
  const names = namesOf(options.env, content, schema);
  const env = ourVariables(options.env);
  const isGiven = givenIn(content, env);
  const keys = schema.keysWith(names, isGiven);
  const allKeys = (): readonly ConfigKey[] => schema.keysWith(names);
  const picked = (key: ConfigKey, aliases: EnvironmentVariables): Given =>
    pick(key, { ...options, env, aliases }, content, schema);
  const isHubOn = keys.some((key) => key.path === 'hub.enabled' && picked(key, {}).value === true);
  const given = new Map(keys.map((key) => [key.path, picked(key, isHubOn ? options.env : {})]));
  const misfits = keys.filter(({ path, leaf }) => {
    const value = given.get(path)?.value;
    return value !== undefined && !fits(leaf, value);
  });
  const wrong = new Set(misfits.map(({ path }) => path));
  const mistakes = [...content.mistakes, ...misfits.map((key) => schemaMistake(key, given.get(key.path)?.raw))];

  const draft: Draft = {
    providers,
    config: schema.build((key) => (wrong.has(key.path) ? key.default : given.get(key.path)?.value), names, isGiven),
    purpose: options.purpose ?? 'serve',
    origin: (path) => given.get(path)?.origin ?? 'default',
    broken: (path) => wrong.has(path) || content.mistakes.some(({ key }) => path.startsWith(`${key}.`)),
    env: options.env,
    cwd: options.cwd,
    tryCredentials:
      options.tryCredentials === true ? allTrials(providers, options.env) : (options.tryCredentials ?? {}),
  };
  const unknown = [...unknownKeys(content, allKeys, schema, placed), ...unknownVariables(env, allKeys, schema)];
  const warnings = [...unknown];
  const on = check(draft, mistakes, warnings);
  if (mistakes.length > 0)
    throw configError(
      mistakes.map((mistake) => withOrigin(mistake, draft, placed)),
      [...unknown, ...(!file && !values && mistakes.some(({ key }) => key === 'ios.enabled') ? [NO_FILE] : [])],
    );
  const changed = effective(draft.config, on, options);
  const config = schema.build(
    ({ path }) => changed[path] ?? withoutSlash(path, given.get(path)?.value),
    names,
    isGiven,
  );
  const set = new Set([...given].filter(([, { origin }]) => origin !== 'default').map(([path]) => path));
  const isOfFile = (key: string): boolean => ['file', 'default'].includes(draft.origin(key));
  const placeOf = (key: string): string => (isOfFile(key) ? placed(key) : '');
  return { config: freeze(config), ...(file ? { file } : {}), warnings, unknown, given: set, placeOf };
}
