import type { CommandRow, ParsedLine } from './command.ts';
import { readConfig } from './context.ts';
import type { AsideTask } from './queue-aside.ts';
import type { QueueTask } from './queue-command.ts';
import { sendOf } from './send-line.ts';

/** Words up to the first flag. */
const untilFlag = (words: readonly string[]): number => {
  const end = words.findIndex((word) => word.startsWith('-'));
  return end < 0 ? words.length : end;
};

const text = ({ values }: ParsedLine, name: string): string | undefined => String(values.get(name) ?? '') || undefined;

const exitCode = (isGood: boolean): number => (isGood ? 0 : 1);

const check: CommandRow<'check'> = {
  usage: [['check [options]', 'check configuration and credentials, and show what is on']],
  read: ({ common }) => common,
  async run(command, context) {
    const { checkConfig } = await import('./check-config.ts');
    const { env, say } = context;
    const load = () => readConfig(command, 'serve', context);
    return exitCode(await checkConfig(load, { env, masterKey: env.MARTLET_MASTER_KEY, say }));
  },
};

const send: CommandRow<'send'> = {
  usage: [['send --<platform>', 'send one push and end, as the flag does alone']],
  read: ({ values, common, providers }) => {
    const push = sendOf(values, providers);
    if (push) return { ...push, ...common };
    return { mistake: `send needs one of ${providers.platforms.map((platform) => `--${platform}`).join(' ')}` };
  },
  async run(command, context) {
    const { send: sendPush } = await import('./send.ts');
    return sendPush(command, context);
  },
};

const QUEUE_VERBS: readonly string[] = ['export', 'release', 'drop'] satisfies AsideTask['do'][];

/** A word or none, an id where it needs one, `[file]`, and no more; flags may stand before the file. */
const queue: CommandRow<'queue'> = {
  usage: [
    ['queue [file]', 'show what waits in the queue, by default that of the configuration'],
    ['queue verify [file]', 'count accepted, settled and remaining pushes: exit code 0 when they add up'],
    ['queue aside [file]', 'show what is set aside: not tried again, and reported as failed'],
    ['queue export|release|drop <id>', 'print it as JSON, have it sent again, or delete it; all for all'],
  ],
  positionals: ([first = '', id = '-']) => {
    if (QUEUE_VERBS.includes(first)) return id.startsWith('-') ? 1 : 2;
    return first === 'verify' || first === 'aside' ? 1 : 0;
  },
  read({ words, common, length }) {
    const [first = '', id = ''] = words;
    const hasId = QUEUE_VERBS.includes(first);
    if (hasId && id === '') return { mistake: `queue ${first} needs an id, or all` };
    const hasWord = hasId || first === 'verify' || first === 'aside';
    const [file, ...more] = words.slice(hasId ? 2 : hasWord ? 1 : 0);
    const warnings = more.length > 0 ? [`argument ${length - more.length + 1} was not read`] : [];
    const task = hasId
      ? { do: first as AsideTask['do'], id }
      : { do: hasWord ? (first as 'verify' | 'aside') : 'show' };
    return { task: task as QueueTask, file, ...common, warnings };
  },
  async run(command, context) {
    const { inspectQueue } = await import('./queue-command.ts');
    const { task, file } = command;
    const configured = file === undefined ? readConfig(command, 'ping', context).config.queue : undefined;
    return exitCode(inspectQueue({ task, file, configured, say: context.say }));
  },
};

/** `--key` is the API key here, and no file of Apple's. */
const explain: CommandRow<'explain'> = {
  usage: [['explain <id>', 'what became of a push: ask the running relay by request_id or notif_id']],
  positionals: ([first]) => (first === undefined || first.startsWith('-') ? 0 : 1),
  read(given) {
    const { words, common } = given;
    const [id = ''] = words;
    if (id === '') return { mistake: 'explain needs a request_id or a notif_id' };
    const { 'ios.key_path': _, ...flags } = common.flags;
    const [url, key, token] = [text(given, 'url'), text(given, 'i'), text(given, 't')];
    return { id, url, key, token, ...common, flags, warnings: [] };
  },
  async run(command, context) {
    const { explain: ask } = await import('./explain-command.ts');
    const { config } = readConfig(command, 'ping', context);
    return exitCode(await ask({ ...command, config, say: context.say }));
  },
};

const apps: CommandRow<'apps'> = {
  usage: [
    ['apps list', 'show the apps made by /v1/apps; apps show <name>: one of them'],
    ['apps reseal', 'seal their secrets with the first of several master keys'],
  ],
  positionals: untilFlag,
  read({ words: [verb = 'list', name = ''], common }) {
    if (verb === 'list' || verb === 'reseal') return { task: { do: verb }, ...common, warnings: [] };
    if (verb === 'show' && name !== '') return { task: { do: verb, name }, ...common, warnings: [] };
    return { mistake: 'apps must be followed by list, show <name> or reseal', usage: true };
  },
  async run(command, context) {
    const [{ appsCommand }, { readAuthorities }, { trustSystemAuthorities }] = await Promise.all([
      import('./apps-command.ts'),
      import('../outbound/outbound.ts'),
      import('../outbound/system-authorities.ts'),
    ]);
    trustSystemAuthorities();
    const { config } = readConfig(command, 'ping', context);
    const ca = readAuthorities(config.core.ca_path);
    const { env, say } = context;
    return exitCode(await appsCommand(command.task, { config, masterKey: env.MARTLET_MASTER_KEY, ca, say }));
  },
};

const KEY_NAME = /^[A-Za-z0-9][\w-]{0,63}$/;

const newKey: CommandRow<'new-key'> = {
  usage: [['new-key <name>', 'make an API key, and print what goes into config.yml for it']],
  read: ({ words: [name = ''] }) =>
    KEY_NAME.test(name) ? { name } : { mistake: 'new-key needs a name for the key: letters, digits, - and _' },
  async run({ name }, { say }) {
    const { newKey: make } = await import('../auth/new-key.ts');
    say(make(name));
    return undefined;
  },
};

/** `--json` is a word of its own: no other command has it. */
const vapid: CommandRow<'vapid'> = {
  usage: [['vapid [--json]', 'make a VAPID key pair for Web Push, and print what goes into config.yml for it']],
  positionals: (words) => words.length,
  read({ words: [form, ...more] }) {
    if ((form === undefined || /^--?json$/.test(form)) && more.length === 0) return { json: form !== undefined };
    return { mistake: 'vapid takes --json and nothing else' };
  },
  async run({ json }, { say }) {
    const { vapidCommand } = await import('./vapid-command.ts');
    say(vapidCommand(json));
    return undefined;
  },
};

/**
 * The commands that are a word of the command line, in the order of the usage text. What a command needs is imported when it runs:
 * health checks of containers run `--ping` all the time.
 */
export const namedCommands = { check, send, queue, explain, apps, 'new-key': newKey, vapid };

export type NamedCommand = keyof typeof namedCommands;
