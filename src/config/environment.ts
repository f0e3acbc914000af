import {
  type ConfigKey,
  type ConfigMap,
  type ConfigSchema,
  environmentName,
  keysOfEntry,
  variablePrefixes,
  variablesOf,
} from './schema.ts';
import { nearestKey } from './unknown/nearest-key.ts';
import { insteadOfVariable } from './unknown/retired-keys.ts';

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

type Known = Pick<ConfigSchema, 'variables'>;

/** What Kubernetes puts into every pod beside a service called gorush or gorush-something; it is not meant as configuration. */
const isServiceLink = (name: string, value: string, { variables }: Known): boolean =>
  (/_PORT(_\d+_(TCP|UDP|SCTP))?$/.test(name) && /^(tcp|udp|sctp):\/\//.test(value)) ||
  (/_SERVICE_(HOST$|PORT(_|$))|_PORT_\d+_(TCP|UDP|SCTP)_(ADDR|PORT|PROTO)$/.test(name) && !variables.has(name));

/** The variable that sets a key, and its value. An empty one counts as not set, as in Gorush. Upper case only. */
export function fromEnvironment(
  env: EnvironmentVariables,
  path: string,
  schema: Known,
): { name: string; value: string } | undefined {
  for (const prefix of variablePrefixes) {
    const name = prefix + environmentName(path);
    const value = env[name];
    if (value !== undefined && value !== '' && !isServiceLink(name, value, schema)) return { name, value };
  }
  return undefined;
}

/**
 * Names of entries that only variables know: `MARTLET_AUTH_KEYS_BACKEND_SHA256` makes `backend`. `inFile` are those of the file,
 * which keep the variables that fit them.
 */
export function namesFromEnvironment(
  env: EnvironmentVariables,
  { path, map }: ConfigMap,
  inFile: readonly string[],
  schema: Known,
): string[] {
  const head = environmentName(path);
  const taken = new Set(inFile.map((name) => environmentName(name)));
  const ends = keysOfEntry(map).map((key) => `_${environmentName(key.path)}`);
  const longestFirst = ends.sort((a, b) => b.length - a.length);
  const names = Object.entries(env).flatMap(([variable, value]) => {
    const rest = variablePrefixes.map((prefix) => `${prefix}${head}_`).find((start) => variable.startsWith(start));
    if (!rest || !value || schema.variables.has(variable) || isServiceLink(variable, value, schema)) return [];
    const end = longestFirst.find((suffix) => variable.endsWith(suffix));
    const name = end && variable.length > rest.length + end.length ? variable.slice(rest.length, -end.length) : '';
    return /^[A-Z0-9][A-Z0-9_]*$/.test(name) && !taken.has(name) ? [name.toLowerCase()] : [];
  });
  return [...new Set(names)];
}

/** What is no key of the configuration: secrets that must not lie in its file. */
const OTHERS = ['MARTLET_MASTER_KEY', 'MARTLET_API_KEY'];

const isOurs = (name: string): boolean => variablePrefixes.some((prefix) => name.startsWith(prefix));

/** The variables that may set keys: all that have our prefixes. */
export const ourVariables = (env: EnvironmentVariables): EnvironmentVariables =>
  Object.fromEntries(Object.entries(env).filter(([name]) => isOurs(name)));

/** Whether a variable may set a key below this path. */
export const mayReach = (env: EnvironmentVariables, path: string): boolean =>
  variablePrefixes.some((prefix) => {
    const head = `${prefix}${environmentName(path)}_`;
    return Object.keys(env).some((name) => name.startsWith(head));
  });

/** A line for each GORUSH_ or MARTLET_ variable that sets nothing. @param keysOf all keys, asked for only where they matter */
export function unknownVariables(
  env: EnvironmentVariables,
  keysOf: () => readonly ConfigKey[],
  schema: Known,
): string[] {
  const doubtful = Object.entries(env).filter(
    ([name, value = '']) =>
      isOurs(name) && !schema.variables.has(name) && !OTHERS.includes(name) && !isServiceLink(name, value, schema),
  );
  if (doubtful.length === 0) return [];
  const known = [...variablesOf(keysOf()), ...OTHERS];
  const names = new Set(known);
  const strange = doubtful.filter(([name]) => !names.has(name));
  return strange.map(([name]) => {
    const instead = insteadOfVariable(name);
    if (instead !== undefined) return `environment variable ${name} of an older Gorush: ${instead}`;
    const near = nearestKey(name, known);
    return `unknown environment variable ${name}${near ? `, did you mean ${near}?` : ''}`;
  });
}
