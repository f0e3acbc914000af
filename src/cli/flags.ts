import type { ProviderRow } from '../carrier/provider-row.ts';
import { insteadOfFlag } from '../config/unknown/retired-keys.ts';
import { nearest } from '../kit/nearest.ts';
import { goBoolean } from '../kit/text/go-boolean.ts';
import type { ProviderTable } from '../providers/registry.ts';
import type { UsageMistake } from './command.ts';
import type { ConfigFlags } from './config-flags.ts';
import type { Flag, FlagValues } from './flag.ts';

export type FlagGroups = Readonly<Record<string, readonly Flag[]>>;

const server: readonly Flag[] = [
  { names: ['c', 'config'], takes: 'file', help: 'configuration file' },
  { names: ['A', 'address'], takes: 'address', key: 'core.address', help: 'address to listen on' },
  { names: ['p', 'port'], takes: 'port', key: 'core.port', help: 'port to listen on' },
  { names: ['proxy'], takes: 'url', key: 'core.http_proxy', help: 'proxy for the providers' },
  { names: ['pid'], takes: 'file', key: 'core.pid.path', help: 'write the process id to this file' },
  { names: ['e', 'engine'], takes: 'engine', key: 'stat.engine', help: 'where counters are kept' },
  { names: ['redis-addr'], takes: 'host:port', key: 'stat.redis.addr', help: 'Redis for the counters' },
  { names: ['ping'], help: 'ask the server on this machine for its health: exit code 0 or 1' },
];

const rest: FlagGroups = {
  'One push': [
    { names: ['t', 'token'], takes: 'token', help: 'device token' },
    { names: ['m', 'message'], takes: 'text', help: 'text of the notification' },
    { names: ['title'], takes: 'text', help: 'title of the notification' },
    { names: ['topic'], takes: 'topic', help: 'topic to send to; iOS: bundle id of the app' },
  ],
  Other: [
    { names: ['h', 'help'], help: 'show this' },
    { names: ['V', 'version'], help: 'show the version' },
  ],
};

/** Of a provider: keys of its section, and the switch that sends one push. */
const flagsOf = ({ platform, title, look }: ProviderRow): readonly Flag[] => [
  ...(look.flags ?? []).map((flag) => ({ ...flag, key: `${platform}.${flag.key}` })),
  { names: [platform], help: `send one push to ${title.platform} and end` },
];

/** Gorush's flags and those of further providers, in the groups of the usage text. */
export const flagGroupsOf = ({ rows }: ProviderTable): FlagGroups => ({
  'The server': server,
  ...Object.fromEntries([...rows].sort((a, b) => a.number - b.number).map((row) => [row.title.platform, flagsOf(row)])),
  ...rest,
});

const dashed = (name: string): string => (name.length === 1 ? `-${name}` : `--${name}`);

/** `-c, --config <file>` */
export const typedFlag = ({ names, takes }: Flag): string =>
  `${names.map(dashed).join(', ')}${takes ? ` <${takes}>` : ''}`;

export const usageLine = (flag: Flag): string => `  ${typedFlag(flag).padEnd(30)} ${flag.help}`;

/** Given flags, and what follows the last of them. */
export interface ParsedFlags {
  readonly values: FlagValues;
  readonly rest: readonly string[];
  /** By `--`: nothing of what follows is a flag. */
  readonly isEnd?: true;
}

/** Asked for by `-h`, which ends the reading at once. */
export const HELP = Symbol('help');

const withUsage = (mistake: string): UsageMistake => ({ mistake, usage: true });

/** Where the flag that was meant is known, the whole usage text would only hide it. */
function strangeFlag(name: string, known: Iterable<string>): UsageMistake {
  const mistake = `flag provided but not defined: -${name}`;
  const instead = insteadOfFlag(name);
  if (instead !== undefined) return withUsage(`${mistake} (of an older Gorush: ${instead})`);
  const meant = nearest(
    name,
    [...known].filter((each) => each.length > 1),
  );
  return meant === undefined ? withUsage(mistake) : { mistake: `${mistake}; did you mean ${dashed(meant)}?` };
}

/**
 * Reads flags as Go's flag package does: up to the first argument that is not one, or to `--`.
 * @param own flags that have their names to themselves: one of `groups` with the same name is not meant
 */
export function parseFlags(
  argv: readonly string[],
  groups: FlagGroups,
  own: readonly Flag[] = [],
): ParsedFlags | UsageMistake | typeof HELP {
  const flags = [...Object.values(groups).flat(), ...own];
  const flagByName = new Map(flags.flatMap((flag) => flag.names.map((name) => [name, flag] as const)));
  const values = new Map<string, string | boolean>();
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!;
    if (argument === '--') return { values, rest: argv.slice(i + 1), isEnd: true };
    if (!/^-./s.test(argument)) return { values, rest: argv.slice(i) };
    const [, name, given] = /^--?([^=-][^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
    if (name === undefined) return withUsage(`bad flag syntax: ${argument}`);
    const flag = flagByName.get(name);
    if (!flag) return strangeFlag(name, flagByName.keys());
    const key = flag.names[0]!;
    if (key === 'h') return HELP;
    if (flag.takes) {
      const value = given ?? argv[++i];
      if (value === undefined) return withUsage(`flag needs an argument: -${name}`);
      values.set(key, value);
    } else {
      const isOn = given === undefined || goBoolean(given);
      if (isOn === undefined) return withUsage(`invalid boolean value "${given}" for -${name}: parse error`);
      values.set(key, isOn);
    }
  }
  return { values, rest: [] };
}

/** Empty texts and `=false` leave the configuration alone, as in Gorush; `--pid` also switches the file on. */
export function configFlags(values: FlagValues, groups: FlagGroups): ConfigFlags {
  const set: ConfigFlags = {};
  for (const { names, key } of Object.values(groups).flat()) {
    const value = values.get(names[0]!);
    if (key && value) set[key] = value;
  }
  return set['core.pid.path'] ? { ...set, 'core.pid.enabled': true, 'core.pid.override': true } : set;
}
