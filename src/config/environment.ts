import { nearestKey } from './nearest-key.ts';
import { configKeys, environmentName } from './schema.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Ours goes before Gorush's. */
const PREFIXES = ['MARTLET_', 'GORUSH_'];

const names = configKeys.map((key) => environmentName(key.path));

const known = PREFIXES.flatMap((prefix) => names.map((name) => prefix + name));

/** What Kubernetes puts into every pod beside a service called gorush or gorush-something; nobody meant us. */
const isServiceLink = (name: string, value: string): boolean =>
  (/_PORT(_\d+_(TCP|UDP|SCTP))?$/.test(name) && /^(tcp|udp|sctp):\/\//.test(value)) ||
  (/_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)_(ADDR|PORT|PROTO)$/.test(name) && !known.includes(name));

/** The variable that sets a key, and its value. An empty one counts as not set, as in Gorush. Upper case only. */
export function fromEnvironment(env: Environment, path: string): { name: string; value: string } | undefined {
  for (const prefix of PREFIXES) {
    const name = prefix + environmentName(path);
    const value = env[name];
    if (value !== undefined && value !== '' && !isServiceLink(name, value)) return { name, value };
  }
  return undefined;
}

/** A line for each GORUSH_ or MARTLET_ variable that sets nothing. */
export function unknownVariables(env: Environment): string[] {
  const strange = Object.entries(env).filter(
    ([name, value = '']) =>
      PREFIXES.some((prefix) => name.startsWith(prefix)) && !known.includes(name) && !isServiceLink(name, value),
  );
  return strange.map(([name]) => {
    const near = nearestKey(name, known);
    return `unknown environment variable ${name}${near ? `, did you mean ${near}?` : ''}`;
  });
}
