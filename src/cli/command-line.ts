import { goBoolean } from '../kit/go-boolean.ts';
import type { Notification, PlatformName } from '../push/push.ts';
import type { AppsTask } from './apps-command.ts';

/** Values for keys of config.yml, by their path. */
export type ConfigFlags = Record<string, string | boolean>;

interface WithConfig {
  /** The file of `-c`. */
  readonly path: string | undefined;
  readonly flags: ConfigFlags;
  /** One line each: arguments that were not understood and not used. */
  readonly warnings: readonly string[];
}

/** What a command line asks for. `text` is for stdout, `message` for stderr. */
export type Command =
  | ({ readonly kind: 'serve' } & WithConfig)
  | ({ readonly kind: 'check' } & WithConfig)
  /** `file` goes before the configured queue. */
  | ({ readonly kind: 'queue'; readonly verify: boolean; readonly file: string | undefined } & WithConfig)
  | ({ readonly kind: 'ping' } & WithConfig)
  | ({ readonly kind: 'apps'; readonly task: AppsTask } & WithConfig)
  | { readonly kind: 'new-key'; readonly name: string }
  | { readonly kind: 'vapid'; readonly json: boolean }
  /** `url`: of the relay; undefined: that of the configuration, on this machine. `token`: only what is about it. */
  | ({
      readonly kind: 'explain';
      readonly id: string;
      readonly url: string | undefined;
      readonly key: string | undefined;
      readonly token: string | undefined;
    } & WithConfig)
  | ({
      readonly kind: 'send';
      readonly platform: PlatformName;
      readonly notification: Notification;
    } & WithConfig)
  | { readonly kind: 'version' }
  | { readonly kind: 'help'; readonly text: string }
  /** Ends with exit code 2. */
  | { readonly kind: 'usage-error'; readonly message: string };

interface Flag {
  /** Short ones first; one dash or two, both read the same. */
  readonly names: readonly string[];
  /** What the argument is; absent: a flag that is there or not. */
  readonly takes?: string;
  /** The key of config.yml that it sets. */
  readonly key?: string;
  readonly help: string;
}

/** Gorush's flags, in the groups of the usage text. */
export const flagGroups: Readonly<Record<string, readonly Flag[]>> = {
  'The server': [
    { names: ['c', 'config'], takes: 'file', help: 'configuration file' },
    { names: ['A', 'address'], takes: 'address', key: 'core.address', help: 'address to listen on' },
    { names: ['p', 'port'], takes: 'port', key: 'core.port', help: 'port to listen on' },
    { names: ['proxy'], takes: 'url', key: 'core.http_proxy', help: 'proxy for the providers' },
    { names: ['pid'], takes: 'file', key: 'core.pid.path', help: 'write the process id to this file' },
    { names: ['e', 'engine'], takes: 'engine', key: 'stat.engine', help: 'where counters are kept' },
    { names: ['redis-addr'], takes: 'host:port', key: 'stat.redis.addr', help: 'Redis for the counters' },
    { names: ['ping'], help: 'ask the server on this machine for its health: exit code 0 or 1' },
  ],
  iOS: [
    { names: ['i', 'key'], takes: 'file', key: 'ios.key_path', help: 'key or certificate: .p8, .p12 or .pem' },
    { names: ['P', 'password'], takes: 'password', key: 'ios.password', help: 'password of the certificate' },
    { names: ['key-id'], takes: 'id', key: 'ios.key_id', help: 'id of the .p8 key' },
    { names: ['team-id'], takes: 'id', key: 'ios.team_id', help: 'id of the team of the .p8 key' },
    { names: ['production'], key: 'ios.production', help: "use Apple's production host" },
    { names: ['ios'], help: 'send one push to iOS and end' },
  ],
  Android: [
    { names: ['fcm-key'], takes: 'file', key: 'android.key_path', help: 'service account, JSON' },
    { names: ['android'], help: 'send one push to Android and end' },
  ],
  Huawei: [
    { names: ['hk', 'hmskey'], takes: 'secret', key: 'huawei.appsecret', help: 'secret of the app' },
    { names: ['hid', 'hmsid'], takes: 'id', key: 'huawei.appid', help: 'id of the app' },
    { names: ['huawei'], help: 'send one push to Huawei and end' },
  ],
  'One push': [
    { names: ['t', 'token'], takes: 'token', help: 'device token' },
    { names: ['m', 'message'], takes: 'text', help: 'text of the notification' },
    { names: ['title'], takes: 'text', help: 'title of the notification' },
    { names: ['topic'], takes: 'topic', help: 'topic to send to; iOS: bundle id of the app' },
  ],
  'martlet explain': [
    { names: ['url'], takes: 'url', help: 'ask the relay there; -i, --key: API key; -t: only this device token' },
  ],
  'And besides': [
    { names: ['h', 'help'], help: 'show this' },
    { names: ['V', 'version'], help: 'show the version' },
  ],
};

const flags = Object.values(flagGroups).flat();
const flagByName = new Map(flags.flatMap((flag) => flag.names.map((name) => [name, flag] as const)));

const dashed = (name: string): string => (name.length === 1 ? `-${name}` : `--${name}`);

const usageLine = ({ names, takes, help }: Flag): string =>
  `  ${`${names.map(dashed).join(', ')}${takes ? ` <${takes}>` : ''}`.padEnd(30)} ${help}`;

export const usage: string = [
  'Usage: martlet [options]          serve, or send one push with --ios, --android or --huawei',
  '       martlet check [options]    check configuration and credentials, and show what is on',
  '       martlet queue [file]       show what waits in the queue, by default that of the configuration',
  '       martlet queue verify [file]  count accepted, settled and remaining pushes: exit code 0 when they add up',
  '       martlet explain <id>       what became of a push: ask the running relay by request_id or notif_id',
  '       martlet apps list          show the apps made by /v1/apps; apps show <name>: one of them',
  '       martlet apps reseal        seal their secrets with the first of several master keys',
  '       martlet new-key <name>     make an API key, and print what goes into config.yml for it',
  '       martlet vapid [--json]     make a VAPID key pair for Web Push, and print what goes into config.yml for it',
  ...Object.entries(flagGroups).flatMap(([title, group]) => ['', `${title}:`, ...group.map(usageLine)]),
  '',
  'Every key of config.yml can also be set by GORUSH_SECTION_KEY or MARTLET_SECTION_KEY in the environment.',
].join('\n');

/** Given flags by the first of their names; what follows the last flag. */
interface Parsed {
  readonly values: Map<string, string | boolean>;
  readonly rest: readonly string[];
}

/** Asked for by `-h`, which ends the reading at once. */
const HELP = Symbol('help');

/** Reads flags as Go's flag package does: up to the first argument that is none, or to `--`. A text is what is wrong. */
function parseFlags(argv: readonly string[]): Parsed | string | typeof HELP {
  const values = new Map<string, string | boolean>();
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!;
    if (argument === '--') return { values, rest: argv.slice(i + 1) };
    if (!/^-./s.test(argument)) return { values, rest: argv.slice(i) };
    const [, name, given] = /^--?([^=-][^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
    if (name === undefined) return `bad flag syntax: ${argument}`;
    const flag = flagByName.get(name);
    if (!flag) return `flag provided but not defined: -${name}`;
    const key = flag.names[0]!;
    if (key === 'h') return HELP;
    if (flag.takes) {
      const value = given ?? argv[++i];
      if (value === undefined) return `flag needs an argument: -${name}`;
      values.set(key, value);
    } else {
      const isOn = given === undefined || goBoolean(given);
      if (isOn === undefined) return `invalid boolean value "${given}" for -${name}: parse error`;
      values.set(key, isOn);
    }
  }
  return { values, rest: [] };
}

/** Empty texts and `=false` leave the configuration alone, as in Gorush; `--pid` also switches the file on. */
function configFlags(values: Parsed['values']): ConfigFlags {
  const set: ConfigFlags = {};
  for (const { names, key } of flags) {
    const value = values.get(names[0]!);
    if (key && value) set[key] = value;
  }
  return set['core.pid.path'] ? { ...set, 'core.pid.enabled': true, 'core.pid.override': true } : set;
}

/** Gorush sends to the first of these that is named. */
const PLATFORMS = { android: 2, huawei: 3, ios: 1 } as const;

function notificationOf(values: Parsed['values'], platform: number): Notification {
  const text = (name: string): string => String(values.get(name) ?? '');
  const fields = { topic: text('topic'), message: text('m'), title: text('title') };
  const token = text('t');
  return {
    platform,
    tokens: token === '' ? [] : [token],
    ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '')),
  };
}

/** `[verify] [file]`, and no more. */
function queueCommand(words: readonly string[], common: WithConfig, argv: readonly string[]): Command {
  const verify = words[0] === 'verify';
  const [file, ...more] = verify ? words.slice(1) : words;
  const warnings = more.length > 0 ? [`argument ${argv.length - more.length + 1} was not read`] : [];
  return { kind: 'queue', verify, file, ...common, warnings };
}

/** Words that make a command of their own, before or after the flags. */
const SUBCOMMANDS = ['check', 'queue', 'explain', 'apps', 'new-key', 'vapid'];

const KEY_NAME = /^[A-Za-z0-9][\w-]{0,63}$/;

function newKeyCommand([name = '']: readonly string[]): Command {
  if (KEY_NAME.test(name)) return { kind: 'new-key', name };
  return { kind: 'usage-error', message: 'new-key needs a name for the key: letters, digits, - and _' };
}

/** `--json` is a word of its own: no other command has it. */
function vapidCommand(words: readonly string[]): Command {
  const [form, ...more] = words;
  if ((form === undefined || /^--?json$/.test(form)) && more.length === 0) {
    return { kind: 'vapid', json: form !== undefined };
  }
  return { kind: 'usage-error', message: 'vapid takes --json and nothing else' };
}

/** `--key` is the API key here, and no file of Apple's. */
function explainCommand({ values, rest }: Parsed, common: WithConfig): Command {
  const [id = ''] = rest;
  if (id === '') return { kind: 'usage-error', message: 'explain needs a request_id or a notif_id' };
  const text = (name: string): string | undefined => String(values.get(name) ?? '') || undefined;
  const { 'ios.key_path': _, ...flags } = common.flags;
  return { kind: 'explain', id, url: text('url'), key: text('i'), token: text('t'), ...common, flags, warnings: [] };
}

/** `list`, `show <name>` or `reseal`. */
function appsCommand([verb = 'list', name = '']: readonly string[], common: WithConfig): Command {
  if (verb === 'list' || verb === 'reseal') return { kind: 'apps', task: { do: verb }, ...common, warnings: [] };
  if (verb === 'show' && name !== '') return { kind: 'apps', task: { do: verb, name }, ...common, warnings: [] };
  return { kind: 'usage-error', message: `apps must be followed by list, show <name> or reseal\n${usage}` };
}

function commandOf({ values, rest }: Parsed, subcommand: string | undefined, argv: readonly string[]): Command {
  if (values.get('V')) return { kind: 'version' };
  const path = String(values.get('c') ?? '') || undefined;
  // Its place, not its text: that may be half of a password with a space in it.
  const place = argv.length - rest.length + 1;
  const warnings = rest.length > 0 ? [`argument ${place} is no option: it and what follows it were not read`] : [];
  const common: WithConfig = { path, flags: configFlags(values), warnings };
  if (subcommand === 'check') return { kind: 'check', ...common };
  if (subcommand === 'queue') return queueCommand(rest, common, argv);
  if (subcommand === 'explain') return explainCommand({ values, rest }, common);
  if (subcommand === 'apps') return appsCommand(rest, common);
  if (subcommand === 'new-key') return newKeyCommand(rest);
  if (subcommand === 'vapid') return vapidCommand(rest);
  if (values.get('ping')) return { kind: 'ping', ...common };
  for (const [name, platform] of Object.entries(PLATFORMS))
    if (values.get(name))
      return {
        kind: 'send',
        platform: name as PlatformName,
        notification: notificationOf(values, platform),
        ...common,
      };
  return { kind: 'serve', ...common };
}

/** Takes the words before the first flag. */
const leadingWords = (words: string[]): string[] => {
  const end = words.findIndex((word) => word.startsWith('-'));
  return words.splice(0, end < 0 ? words.length : end);
};

/**
 * Reads the arguments after the program's name, in Gorush's way: one dash or two, `-flag=value` or `-flag value`, the last of
 * equal flags counts, and the first word that is no flag ends the flags. `check`, `queue`,
 * `explain`, `apps`, `new-key` and `vapid` may stand before or after the flags.
 */
export function parseCommandLine(argv: readonly string[]): Command {
  const wrong = (message: string): Command => ({ kind: 'usage-error', message: `${message}\n${usage}` });
  let parsed = parseFlags(argv);
  const [subcommand] = typeof parsed === 'object' ? parsed.rest : [];
  if (typeof parsed === 'object' && subcommand !== undefined && SUBCOMMANDS.includes(subcommand)) {
    const { values } = parsed;
    // Its own words may stand between the flags: `queue verify -c config.yml`.
    const words = parsed.rest.slice(1);
    const isOwn = subcommand === 'queue' ? words[0] === 'verify' : subcommand === 'explain' && words[0]?.[0] !== '-';
    const ownWords = subcommand === 'vapid' ? words.length : isOwn ? 1 : 0;
    const verb = subcommand === 'apps' ? leadingWords(words) : words.splice(0, ownWords);
    parsed = parseFlags(words);
    if (typeof parsed === 'object') {
      parsed = { values: new Map([...values, ...parsed.values]), rest: [...verb, ...parsed.rest] };
    }
  }
  if (parsed === HELP) return { kind: 'help', text: `${usage}\n` };
  return typeof parsed === 'string' ? wrong(parsed) : commandOf(parsed, subcommand, argv);
}

/** Why a push from the command line cannot be sent at all, in Gorush's words; undefined when it can. Exit code 1. */
export function sendMistake({ platform, notification }: Command & { kind: 'send' }): string | undefined {
  const addressed = notification.tokens.length > 0 || (platform !== 'ios' && notification.topic !== undefined);
  if (addressed) return undefined;
  const text = 'please provide at least one device token';
  const log = platform === 'android' ? `request error: ${text}\n` : '';
  return `${log}Failed to send notification: ${text} (-t)`;
}
