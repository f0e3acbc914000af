import { builtIn, type ProviderTable } from '../providers/registry.ts';
import type { CommandRow, Commands } from './command.ts';
import { type NamedCommand, namedCommands } from './commands.ts';
import type { Flag } from './flag.ts';
import { flagGroupsOf, usageLine } from './flags.ts';

/** Columns of what is typed, in the usage text. */
const TYPED_WIDTH = 25;

const typed = ([words, does]: readonly [string, string]): string =>
  `${`martlet ${words}`.padEnd(TYPED_WIDTH)}  ${does}`;

/** The row of a command, whatever it is asked for. */
export const rowOf = (name: NamedCommand): CommandRow<keyof Commands> =>
  namedCommands[name] as unknown as CommandRow<keyof Commands>;

const names = Object.keys(namedCommands) as NamedCommand[];

/** The text of `--help`. */
export const usageText = (providers: ProviderTable = builtIn): string =>
  [
    'Usage: martlet [options]          serve, or send one push with --ios, --android, …',
    ...names.flatMap((name) => rowOf(name).usage).map((each) => `       ${typed(each)}`),
    '       martlet <command> --help   options of a command, examples, exit codes',
    ...Object.entries(flagGroupsOf(providers)).flatMap(([title, group]) => ['', `${title}:`, ...group.map(usageLine)]),
    '',
    'Every key of config.yml can also be set by GORUSH_SECTION_KEY or MARTLET_SECTION_KEY in the environment.',
  ].join('\n');

/** The flags that are named in the help of a command. */
export function flagsOf(name: NamedCommand): readonly Flag[] {
  const { flags = [], groups = [] } = rowOf(name);
  const common = flagGroupsOf(builtIn);
  return [...groups.flatMap((title) => common[title] ?? []), ...flags];
}

/** The text of `martlet <command> --help`. */
export function commandHelp(name: NamedCommand): string {
  const { usage, examples, ends } = rowOf(name);
  const codes = [
    ['0', ends.good],
    ...(ends.bad === undefined ? [] : [['1', ends.bad]]),
    ['2', 'the command line cannot be used'],
  ];
  return [
    ...usage.map((each, index) => `${index === 0 ? 'Usage:' : '      '} ${typed(each)}`),
    '',
    'Options:',
    ...flagsOf(name).map(usageLine),
    usageLine({ names: ['c', 'config'], takes: 'file', help: 'configuration file' }),
    '  and those of `martlet --help` that set keys of the configuration',
    '',
    'Examples:',
    ...examples.flatMap(([line, does]) => [`  ${line}`, `      ${does}`]),
    '',
    'Exit codes:',
    ...codes.map(([code, means]) => `  ${code}  ${means}`),
  ].join('\n');
}
