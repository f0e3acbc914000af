import type { PlatformName } from '../push/push.ts';
import type { Command, Commands, FlagValues, ParsedLine, UsageMistake } from './command.ts';
import { type NamedCommand, namedCommands } from './commands.ts';
import type { WithConfig } from './config-flags.ts';
import { configFlags, flagGroups, HELP, type ParsedFlags, parseFlags, usageLine } from './flags.ts';

/** Columns of what is typed, in the usage text. */
const TYPED_WIDTH = 25;

const commandLines = Object.values(namedCommands).flatMap((row) => row.usage);

export const usage: string = [
  'Usage: martlet [options]          serve, or send one push with --ios, --android or --huawei',
  ...commandLines.map(([typed, does]) => `       ${`martlet ${typed}`.padEnd(TYPED_WIDTH)}  ${does}`),
  ...Object.entries(flagGroups).flatMap(([title, group]) => ['', `${title}:`, ...group.map(usageLine)]),
  '',
  'Every key of config.yml can also be set by GORUSH_SECTION_KEY or MARTLET_SECTION_KEY in the environment.',
].join('\n');

/** Gorush sends to the first of these that is named. */
const PLATFORMS: Readonly<Record<PlatformName, number>> = { android: 2, huawei: 3, ios: 1 };

function sendOf(values: FlagValues, platform: PlatformName): Omit<Commands['send'], keyof WithConfig> {
  const text = (name: string): string => String(values.get(name) ?? '');
  const fields = { topic: text('topic'), message: text('m'), title: text('title') };
  const token = text('t');
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
  const number = PLATFORMS[platform] as number;
  return { platform, notification: { platform: number, tokens: token === '' ? [] : [token], ...given } };
}

const isNamed = (word: string | undefined): word is NamedCommand =>
  word !== undefined && Object.hasOwn(namedCommands, word);

const wrong = ({ mistake, usage: isShown }: UsageMistake): Command => ({
  kind: 'usage-error',
  message: isShown ? `${mistake}\n${usage}` : mistake,
});

/** Flags before the name of the command, its own words after it, flags after those. */
function parseNamed({ values, rest }: ParsedFlags, name: NamedCommand): ReturnType<typeof parseFlags> {
  const words = rest.slice(1);
  const own = namedCommands[name].positionals?.(words) ?? 0;
  const after = parseFlags(words.slice(own));
  if (typeof after !== 'object') return after;
  return { values: new Map([...values, ...after.values]), rest: [...words.slice(0, own), ...after.rest] };
}

function commandOf({ values, rest }: ParsedFlags, name: string | undefined, length: number): Command {
  if (values.get('V')) return { kind: 'version' };
  const path = String(values.get('c') ?? '') || undefined;
  // Its place, not its text: that may be half of a password with a space in it.
  const place = length - rest.length + 1;
  const warnings = rest.length > 0 ? [`argument ${place} is no option: it and what follows it were not read`] : [];
  const common: WithConfig = { path, flags: configFlags(values), warnings };
  if (isNamed(name)) return namedCommand(name, { values, words: rest, common, length });
  if (values.get('ping')) return { kind: 'ping', ...common };
  const platform = Object.keys(PLATFORMS).find((each) => values.get(each));
  return platform ? { kind: 'send', ...sendOf(values, platform), ...common } : { kind: 'serve', ...common };
}

function namedCommand(kind: NamedCommand, given: ParsedLine): Command {
  const read = namedCommands[kind].read(given);
  return 'mistake' in read ? wrong(read) : ({ kind, ...read } as Command);
}

/**
 * Reads the arguments after the program's name, in Gorush's way: one dash or two, `-flag=value` or `-flag value`, the last of
 * equal flags counts, and the first word that is no flag ends the flags. The name of a command may stand before or after them.
 */
export function parseCommandLine(argv: readonly string[]): Command {
  const first = parseFlags(argv);
  const name = typeof first === 'object' ? first.rest[0] : undefined;
  const parsed = typeof first === 'object' && isNamed(name) ? parseNamed(first, name) : first;
  if (parsed === HELP) return { kind: 'help', text: `${usage}\n` };
  if (typeof parsed === 'string') return wrong({ mistake: parsed, usage: true });
  return commandOf(parsed, name, argv.length);
}

/** Why a push from the command line cannot be sent at all, in Gorush's words; undefined when it can. Exit code 1. */
export function sendMistake({ platform, notification }: Commands['send']): string | undefined {
  const addressed = notification.tokens.length > 0 || (platform !== 'ios' && notification.topic !== undefined);
  if (addressed) return undefined;
  const text = 'please provide at least one device token';
  const log = platform === 'android' ? `request error: ${text}\n` : '';
  return `${log}Failed to send notification: ${text} (-t)`;
}
