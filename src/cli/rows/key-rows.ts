import type { CommandRow } from '../command.ts';
import { jsonFlag } from '../relay/relay-flags.ts';

const KEY_NAME = /^[A-Za-z0-9][\w-]{0,63}$/;

export const newKey: CommandRow<'new-key'> = {
  usage: [['new-key <name>', 'make an API key, and print what goes into config.yml for it']],
  examples: [['martlet new-key back-end', 'a key for the back end; the file gets its SHA-256 only']],
  ends: { good: 'it was printed' },
  words: 1,
  read: ({ words: [name = ''] }) =>
    KEY_NAME.test(name) ? { name } : { mistake: 'new-key needs a name for the key: letters, digits, - and _' },
  async run({ name }, { say }) {
    const { newKey: make } = await import('../../auth/new-key.ts');
    say(make(name));
    return undefined;
  },
};

export const vapid: CommandRow<'vapid'> = {
  usage: [['vapid [--json]', 'make a VAPID key pair for Web Push, and print what goes into config.yml for it']],
  flags: [jsonFlag],
  examples: [['martlet vapid', 'a pair for `web.vapid`, and the line for the browser']],
  ends: { good: 'it was printed; nothing was written' },
  read: ({ values }) => ({ json: values.get('json') === true }),
  async run({ json }, { say }) {
    const { vapidCommand } = await import('../vapid-command.ts');
    say(vapidCommand(json));
    return undefined;
  },
};
