import type { CommandRow } from '../command.ts';
import { sendOf } from '../send-line.ts';

export const send: CommandRow<'send'> = {
  usage: [['send --<platform>', 'send one push and end, as the flag does alone']],
  examples: [
    ["martlet send --ios -t a1b2… --topic com.example.app -m 'Hello'", 'one push, and what became of it in a sentence'],
  ],
  ends: { good: 'the provider took it', bad: 'it failed, or could not be sent' },
  read: ({ values, common, providers }) => {
    const push = sendOf(values, providers);
    if (push) return { ...push, ...common };
    return { mistake: `send needs one of ${providers.platforms.map((platform) => `--${platform}`).join(' ')}` };
  },
  async run(command, context) {
    const { send: sendPush } = await import('../send.ts');
    return sendPush(command, context);
  },
};
