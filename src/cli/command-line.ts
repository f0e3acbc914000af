import { builtIn, type ProviderTable } from '../providers/registry.ts';
import type { Command, ParsedLine, UsageMistake } from './command.ts';
import { type NamedCommand, namedCommands } from './commands.ts';
import type { WithConfig } from './config-flags.ts';
import { configFlags, type FlagGroups, flagGroupsOf, HELP, type ParsedFlags, parseFlags, usageLine } from './flags.ts';
import { sendOf } from './send-line.ts';

/** Columns of what is typed, in the usage text. */
const TYPED_WIDTH = 25;

const commandLines = Object.values(namedCommands).flatMap((row) => row.usage);

/** The text of `--help`. */
export const usageText = (providers: ProviderTable = builtIn): string =>
  [
    'Usage: martlet [options]          serve, or send one push with --ios, --android, …',
    ...commandLines.map(([typed, does]) => `       ${`martlet ${typed}`.padEnd(TYPED_WIDTH)}  ${does}`),
    ...Object.entries(flagGroupsOf(providers)).flatMap(([title, group]) => ['', `${title}:`, ...group.map(usageLine)]),
    '',
    'Every key of config.yml can also be set by GORUSH_SECTION_KEY or MARTLET_SECTION_KEY in the environment.',
  ].join('\n');

const isNamed = (word: string | undefined): word is NamedCommand =>
  word !== undefined && Object.hasOwn(namedCommands, word);

/** Flags before the name of the command, its own words after it, flags after those. */
function parseNamed(
  { values, rest }: ParsedFlags,
  name: NamedCommand,
  groups: FlagGroups,
): ReturnType<typeof parseFlags> {
  const words = rest.slice(1);
  const own = namedCommands[name].positionals?.(words) ?? 0;
  const after = parseFlags(words.slice(own), groups);
  if (typeof after !== 'object') return after;
  return { values: new Map([...values, ...after.values]), rest: [...words.slice(0, own), ...after.rest] };
}

function commandOf(
  { values, rest }: ParsedFlags,
  name: string | undefined,
  length: number,
  providers: ProviderTable,
): Command {
  if (values.get('V')) return { kind: 'version' };
  const path = String(values.get('c') ?? '') || undefined;
  // Its place, not its text: that may be half of a password with a space in it.
  const place = length - rest.length + 1;
  const warnings = rest.length > 0 ? [`argument ${place} is no option: it and what follows it were not read`] : [];
  const common: WithConfig = { path, flags: configFlags(values, flagGroupsOf(providers)), warnings };
  if (isNamed(name)) return namedCommand(name, { values, words: rest, common, length, providers });
  if (values.get('ping')) return { kind: 'ping', ...common };
  const push = sendOf(values, providers);
  return push ? { kind: 'send', ...push, ...common } : { kind: 'serve', ...common };
}

function namedCommand(kind: NamedCommand, given: ParsedLine): Command {
  const read = namedCommands[kind].read(given);
  return 'mistake' in read ? wrong(read, given.providers) : ({ kind, ...read } as Command);
}

const wrong = ({ mistake, usage: isShown }: UsageMistake, providers: ProviderTable): Command => ({
  kind: 'usage-error',
  message: isShown ? `${mistake}\n${usageText(providers)}` : mistake,
});

/**
 * Reads the arguments after the program's name, in Gorush's way: one dash or two, `-flag=value` or `-flag value`, the last of
 * equal flags counts, and the first word that is no flag ends the flags. The name of a command may stand before or after them.
 */
export function parseCommandLine(argv: readonly string[], providers: ProviderTable = builtIn): Command {
  const groups = flagGroupsOf(providers);
  const first = parseFlags(argv, groups);
  const name = typeof first === 'object' ? first.rest[0] : undefined;
  const parsed = typeof first === 'object' && isNamed(name) ? parseNamed(first, name, groups) : first;
  if (parsed === HELP) return { kind: 'help', text: `${usageText(providers)}\n` };
  if (typeof parsed === 'string') return wrong({ mistake: parsed, usage: true }, providers);
  return commandOf(parsed, name, argv.length, providers);
}
