import type { CommandRow } from '../command.ts';
import { textOf } from '../flag.ts';
import { openRelayApi } from '../relay/open-relay-api.ts';
import { appFlag, jsonFlag, placeOf, relayFlags } from '../relay/relay-flags.ts';

export const explain: CommandRow<'explain'> = {
  usage: [['explain <id>', 'what became of a push or a notification, and why: asks the running relay']],
  flags: [
    { names: ['t', 'token'], takes: 'token', help: 'only pushes to this device token' },
    { names: ['user'], takes: 'id', help: 'of a notification to many: only this person' },
    ...[appFlag, jsonFlag, ...relayFlags],
  ],
  examples: [
    ['martlet explain order-42', 'by request_id, notif_id, or the id of a notification of the hub'],
    ['martlet explain launch --user ada --json', 'why one person did not get it, for a program'],
  ],
  ends: { good: 'something is known of it', bad: 'nothing is known of it, or the relay does not answer' },
  words: 1,
  read({ words: [id = ''], values, common }) {
    if (id === '') return { mistake: 'explain needs a request_id, a notif_id or the id of a notification' };
    const task = { id, token: textOf(values, 't'), user: textOf(values, 'user') };
    const place = { place: placeOf(values), app: textOf(values, 'app'), json: values.get('json') === true };
    return { task, ...place, ...common };
  },
  async run(command, context) {
    const { explain: ask } = await import('../explain/explain-command.ts');
    await using api = await openRelayApi(command, context);
    await ask({ ...command, api, say: context.say });
    return undefined;
  },
};
