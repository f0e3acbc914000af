import type { CommandRow } from '../command.ts';
import { textOf } from '../flag.ts';
import { sendOf } from '../send/send-line.ts';

export const send: CommandRow<'send'> = {
  usage: [
    ['send --<platform>', 'send one push and end, as the flag does alone: no running relay has part in it'],
    ['send --<platform> --tokens <file>', 'send one to each target of a file, a line of JSON for each result'],
  ],
  flags: [
    { names: ['tokens'], takes: 'file', help: 'a target on each line: tokens, addresses, subscriptions; - for stdin' },
  ],
  groups: ['One push'],
  examples: [
    ["martlet send --ios -t a1b2… --topic com.example.app -m 'Hello'", 'one push, and what became of it in a sentence'],
    [
      "martlet send --android --tokens tokens.txt --title News -m 'It is out' > results.ndjson",
      'each token, and what became of it',
    ],
  ],
  ends: { good: 'the provider took all of it', bad: 'a push failed, or could not be sent' },
  read: ({ values, common, providers }) => {
    const push = sendOf(values, providers);
    const tokens = textOf(values, 'tokens');
    if (tokens !== undefined && values.get('t')) return { mistake: 'send takes --token or --tokens, and not both' };
    if (push) return { ...push, ...common, tokens };
    return { mistake: `send needs one of ${providers.platforms.map((platform) => `--${platform}`).join(' ')}` };
  },
  async run(command, context) {
    const { send: sendPush } = await import('../send/send.ts');
    return sendPush(command, context);
  },
};
