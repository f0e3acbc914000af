/**
 * A process of its own with a queue file, which certain tokens kill (SIGKILL, as an operator or the kernel would do it):
 * `decode-kills` while its request is decoded, `send-kills` when a lane has taken it. Others are sent at once.
 *
 * Arguments: the folder; `send`, or `wait` (the lane takes nothing, as if the provider were away); how it ends: `idle` (in order, once
 * nothing is left), `stop` (in order, after a moment) or `die` (after a moment); then requests to append first, each as a list of
 * tokens in JSON. Each line that it prints is a word and what it is about.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProviderRow } from '../../../src/carrier/provider-row.ts';
import { builtIn } from '../../../src/providers/registry.ts';
import type { Failed, Notification } from '../../../src/push/push.ts';
import { createLocalQueue } from '../../../src/queue/create-queue.ts';
import { planRequest, type Route } from '../../../src/relay/plan.ts';
import { createRestore } from '../../../src/relay/restore.ts';
import { laneId } from '../../support/lane-id.ts';

const MOMENT_MS = 50;
const LANE = laneId();

const [folder = '', sending, ending, ...requests] = process.argv.slice(2);
const say = (word: string, about: string): void => void writeSync(1, `${word} ${about}\n`);
const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('it is dead');
};

function route(app: string, { platform }: Notification): Route {
  const { platform: name, requests: rules } = builtIn.numbered(platform) as ProviderRow;
  return { app, platform: name, rules, lane: LANE, provider: 'apns', environment: 'production', slice: 100 };
}

const restore = createRestore({
  decoder: {
    decode: (body) => (Buffer.from(body).includes('decode-kills') ? die() : builtIn.decoder.decode(body)),
  },
  appOf: () => ({ app: 'default' }),
  outcomes: {
    refused(settlements) {
      for (const { requestId, targets, outcomes } of settlements)
        for (const [at, target] of targets.entries())
          say('failed', `${requestId} ${(outcomes[at] as Failed).reason} ${target}`);
    },
  },
  onDamage: () => {},
});

const queue = createLocalQueue({
  path: join(folder, 'queue.db'),
  sync: 'normal',
  limit: 100_000,
  wake: () => {},
  restore: (stored) => {
    say('back', stored.id);
    return restore(stored, { route });
  },
  tell: () => {},
});

for (const [index, text] of requests.entries()) {
  const notification: Notification = { platform: 1, tokens: JSON.parse(text) };
  const request = { id: `r${index}`, app: 'default', acceptedAt: Date.now() };
  const { entries } = planRequest(request, [notification], (each) => route('default', each), performance.now());
  await queue.append(entries, () => JSON.stringify({ notifications: [notification] }));
}

function sendAll(): void {
  for (let batch = queue.take(LANE, 100); batch; batch = queue.take(LANE, 100)) {
    for (const target of batch.targets) {
      if (target === 'send-kills') die();
      say('sent', target);
    }
    queue.settle(batch, [...batch.targets.keys()]);
  }
}

if (sending === 'send') setInterval(sendAll, 1);
else setInterval(() => {}, 1000);
if (ending === 'idle') while (queue.depth().notifications > 0) await sleep(5);
else await sleep(MOMENT_MS);
if (ending === 'die') die();
await queue.close();
process.exit(0);
