import type { CommandRow } from '../command.ts';
import type { CliContext } from '../context.ts';
import { textOf } from '../flag.ts';
import { openRelayApi } from '../relay/open-relay-api.ts';
import { appFlag, jsonFlag, placeOf, relayFlags } from '../relay/relay-flags.ts';
import { limitOf } from './words.ts';

const PAST = 10;
const MOST_PAST = 500;
const STATUSES: readonly (string | undefined)[] = ['failed', 'delivered', 'retried', undefined];

/** Ctrl-C is how one stops looking, and no failure. */
function ended({ onSignal }: Pick<CliContext, 'onSignal'>): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) onSignal(signal, () => controller.abort());
  return controller.signal;
}

export const tail: CommandRow<'tail'> = {
  usage: [['tail', 'follow what becomes of pushes, live: asks the running relay']],
  flags: [
    { names: ['status'], takes: 'word', help: 'only failed, delivered or retried; default: failed and delivered' },
    { names: ['reason'], takes: 'word', help: "only with this word of the provider's" },
    { names: ['limit'], takes: 'n', help: `how many of the past come first, 0 to ${MOST_PAST}; default: ${PAST}` },
    ...[appFlag, jsonFlag, ...relayFlags],
  ],
  examples: [
    ['martlet tail', 'until Ctrl-C'],
    ['martlet tail --status failed --json', 'a line of JSON for each push that failed, for a program'],
  ],
  ends: { good: 'it was stopped', bad: 'the relay refuses, or was not there at the start' },
  read({ values, common }) {
    const past = values.get('limit') === '0' ? 0 : limitOf(values, PAST);
    if (past === undefined || past > MOST_PAST)
      return { mistake: `--limit must be a whole number from 0 to ${MOST_PAST}` };
    const status = textOf(values, 'status');
    if (!STATUSES.includes(status)) return { mistake: '--status must be failed, delivered or retried' };
    const task = { status, reason: textOf(values, 'reason'), past };
    const place = { place: placeOf(values), app: textOf(values, 'app'), json: values.get('json') === true };
    return { task, ...place, ...common };
  },
  async run(command, context) {
    const { tail: follow } = await import('../tail/tail-command.ts');
    await using api = await openRelayApi(command, context);
    const { stdout, stderr } = context;
    await follow({
      ...{ task: command.task, app: command.app, json: command.json, api, signal: ended(context) },
      print: (line) => stdout.write(`${line}\n`) || !(stdout.destroyed || stdout.errored),
      note: (line) => void stderr.write(`${line}\n`),
    });
    return 0;
  },
};
