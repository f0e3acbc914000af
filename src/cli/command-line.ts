import { nearest } from '../kit/nearest.ts';
import { builtIn, type ProviderTable } from '../providers/registry.ts';
import type { Command, UsageMistake } from './command.ts';
import { type NamedCommand, namedCommands } from './commands.ts';
import type { WithConfig } from './config-flags.ts';
import { type FlagValues, textOf } from './flag.ts';
import { configFlags, type FlagGroups, flagGroupsOf, HELP, type ParsedFlags, parseFlags } from './flags.ts';
import { sendOf } from './send/send-line.ts';
import { commandHelp, rowOf, usageText } from './usage.ts';

const isNamed = (word: string | undefined): word is NamedCommand =>
  word !== undefined && Object.hasOwn(namedCommands, word);

/** Flags that some command has to itself: they may stand before its name, too. */
const ofCommands = (Object.keys(namedCommands) as NamedCommand[]).flatMap((name) => rowOf(name).flags ?? []);

const isParsed = (read: ReturnType<typeof parseFlags>): read is ParsedFlags =>
  typeof read === 'object' && 'rest' in read;

/** Where the usage text is left out. */
const withHint = ({ mistake, usage }: UsageMistake, name: NamedCommand | undefined): UsageMistake =>
  usage ? { mistake, usage } : { mistake: `${mistake}\nmartlet ${name ? `${name} ` : ''}--help shows all` };

/** The command that is named, wherever its name stands among the flags. */
function nameIn(argv: readonly string[], groups: FlagGroups): NamedCommand | undefined {
  const read = parseFlags(argv, groups, ofCommands);
  const word = isParsed(read) ? read.rest[0] : undefined;
  return isNamed(word) ? word : undefined;
}

/** Flags before the name of the command; after it words and flags in any order. */
function parseNamed(argv: readonly string[], name: NamedCommand, groups: FlagGroups): ReturnType<typeof parseFlags> {
  const { flags = [] } = rowOf(name);
  const before = parseFlags(argv, groups, flags);
  if (!isParsed(before)) return before;
  const values = new Map(before.values);
  const words: string[] = [];
  for (let rest = before.rest.slice(1); rest.length > 0; ) {
    const part = parseFlags(rest, groups, flags);
    if (!isParsed(part)) return part;
    for (const [flag, value] of part.values) values.set(flag, value);
    const own = part.isEnd ? part.rest.length : 1;
    words.push(...part.rest.slice(0, own));
    rest = part.rest.slice(own);
  }
  return { values, rest: words };
}

/** A word that is no command. Shown is its place and not its text: that may be half of a password with a space in it. */
function strange(argv: readonly string[], word: string, left: number): UsageMistake {
  const near = nearest(word, Object.keys(namedCommands));
  const place = `argument ${argv.length - left + 1} is no option and no command`;
  return { mistake: `${place}${near === undefined ? '' : `; did you mean ${near}?`}\nmartlet --help shows all` };
}

function tooMany(name: NamedCommand, most: number): UsageMistake {
  const words = most === 0 ? 'no word' : most === 1 ? 'one word' : `${most} words`;
  const hint = most === 0 ? 'a file of the configuration comes after -c, and ' : '';
  return { mistake: `${name} takes ${words}: ${hint}what has spaces belongs into quotation marks` };
}

function commonOf(values: FlagValues, providers: ProviderTable): WithConfig {
  return { path: textOf(values, 'c'), flags: configFlags(values, flagGroupsOf(providers)) };
}

function named(kind: NamedCommand, { values, rest: words }: ParsedFlags, providers: ProviderTable): Command {
  const { words: most = 0 } = rowOf(kind);
  if (words.length > most) return wrong(tooMany(kind, most), commandHelp(kind));
  const read = namedCommands[kind].read({ values, words, common: commonOf(values, providers), providers });
  return 'mistake' in read ? wrong(read, commandHelp(kind)) : ({ kind, ...read } as Command);
}

/** What flags alone ask for. */
function unnamed({ values }: ParsedFlags, providers: ProviderTable): Command {
  const common = commonOf(values, providers);
  if (values.get('ping')) return { kind: 'ping', ...common };
  const push = sendOf(values, providers);
  return push ? { kind: 'send', ...push, ...common } : { kind: 'serve', ...common };
}

const wrong = ({ mistake, usage: isShown }: UsageMistake, usage: string): Command => ({
  kind: 'usage-error',
  message: isShown ? `${mistake}\n${usage}` : mistake,
});

/**
 * Reads the arguments after the program's name, in Gorush's way: one dash or two, `-flag=value` or `-flag value`, and the last of
 * equal flags counts. The name of a command may stand before or after them; what else is no flag ends with a mistake, where Gorush
 * starts without the flags that follow it.
 */
export function parseCommandLine(argv: readonly string[], providers: ProviderTable = builtIn): Command {
  const groups = flagGroupsOf(providers);
  const name = nameIn(argv, groups);
  const parsed = name ? parseNamed(argv, name, groups) : parseFlags(argv, groups);
  const usage = (): string => (name ? commandHelp(name) : usageText(providers));
  if (parsed === HELP) return { kind: 'help', text: `${usage()}\n` };
  if ('mistake' in parsed) return wrong(withHint(parsed, name), usage());
  if (parsed.values.get('V')) return { kind: 'version' };
  if (name) return named(name, parsed, providers);
  const [word, about] = parsed.rest;
  if (word === 'help') return { kind: 'help', text: `${isNamed(about) ? commandHelp(about) : usage()}\n` };
  if (word === 'version') return { kind: 'version' };
  if (word !== undefined) return wrong(strange(argv, word, parsed.rest.length), usage());
  return unnamed(parsed, providers);
}
