import { builtIn, type ProviderTable } from '../providers/registry.ts';
import type { Command, ParsedLine, UsageMistake } from './command.ts';
import { type NamedCommand, namedCommands } from './commands.ts';
import type { WithConfig } from './config-flags.ts';
import { configFlags, type FlagGroups, flagGroupsOf, HELP, type ParsedFlags, parseFlags } from './flags.ts';
import { sendOf } from './send-line.ts';
import { commandHelp, rowOf, usageText } from './usage.ts';

const isNamed = (word: string | undefined): word is NamedCommand =>
  word !== undefined && Object.hasOwn(namedCommands, word);

/** Flags that some command has to itself: they may stand before its name, too. */
const ofCommands = (Object.keys(namedCommands) as NamedCommand[]).flatMap((name) => rowOf(name).flags ?? []);

/** The command that is named, wherever its name stands among the flags. */
function nameIn(argv: readonly string[], groups: FlagGroups): NamedCommand | undefined {
  const read = parseFlags(argv, groups, ofCommands);
  const word = typeof read === 'object' ? read.rest[0] : undefined;
  return isNamed(word) ? word : undefined;
}

/** Words and flags in any order, after the name. */
function parseMixed(
  before: ParsedFlags,
  parse: (rest: readonly string[]) => ReturnType<typeof parseFlags>,
): ReturnType<typeof parseFlags> {
  const values = new Map(before.values);
  const words: string[] = [];
  for (let rest = before.rest.slice(1); rest.length > 0; ) {
    const part = parse(rest);
    if (typeof part !== 'object') return part;
    for (const [name, value] of part.values) values.set(name, value);
    const own = part.isEnd ? part.rest.length : 1;
    words.push(...part.rest.slice(0, own));
    rest = part.rest.slice(own);
  }
  return { values, rest: words };
}

/** Flags before the name of the command, its own words after it, flags after those. */
function parseNamed(argv: readonly string[], name: NamedCommand, groups: FlagGroups): ReturnType<typeof parseFlags> {
  const { flags = [], positionals } = rowOf(name);
  const before = parseFlags(argv, groups, flags);
  if (typeof before !== 'object') return before;
  const words = before.rest.slice(1);
  if (positionals === 'anywhere') return parseMixed(before, (rest) => parseFlags(rest, groups, flags));
  const own = positionals?.(words) ?? 0;
  const after = parseFlags(words.slice(own), groups, flags);
  if (typeof after !== 'object') return after;
  return { values: new Map([...before.values, ...after.values]), rest: [...words.slice(0, own), ...after.rest] };
}

function commandOf(
  { values, rest }: ParsedFlags,
  name: NamedCommand | undefined,
  length: number,
  providers: ProviderTable,
): Command {
  if (values.get('V')) return { kind: 'version' };
  const path = String(values.get('c') ?? '') || undefined;
  // Its place, not its text: that may be half of a password with a space in it.
  const place = length - rest.length + 1;
  const warnings = rest.length > 0 ? [`argument ${place} is no option: it and what follows it were not read`] : [];
  const common: WithConfig = { path, flags: configFlags(values, flagGroupsOf(providers)), warnings };
  if (name) return namedCommand(name, { values, words: rest, common, length, providers });
  if (values.get('ping')) return { kind: 'ping', ...common };
  const push = sendOf(values, providers);
  return push ? { kind: 'send', ...push, ...common } : { kind: 'serve', ...common };
}

function namedCommand(kind: NamedCommand, given: ParsedLine): Command {
  const read = namedCommands[kind].read(given);
  return 'mistake' in read ? wrong(read, commandHelp(kind)) : ({ kind, ...read } as Command);
}

const wrong = ({ mistake, usage: isShown }: UsageMistake, usage: string): Command => ({
  kind: 'usage-error',
  message: isShown ? `${mistake}\n${usage}` : mistake,
});

/**
 * Reads the arguments after the program's name, in Gorush's way: one dash or two, `-flag=value` or `-flag value`, the last of
 * equal flags counts, and the first word that is no flag ends the flags. The name of a command may stand before or after them.
 */
export function parseCommandLine(argv: readonly string[], providers: ProviderTable = builtIn): Command {
  const groups = flagGroupsOf(providers);
  const name = nameIn(argv, groups);
  const parsed = name ? parseNamed(argv, name, groups) : parseFlags(argv, groups);
  const usage = name ? commandHelp(name) : usageText(providers);
  if (parsed === HELP) return { kind: 'help', text: `${usage}\n` };
  if (typeof parsed === 'string') return wrong({ mistake: parsed, usage: true }, usage);
  return commandOf(parsed, name, argv.length, providers);
}
