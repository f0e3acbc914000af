/**
 * What a process does with its queue that certain tokens kill (SIGKILL, as an operator or the kernel would do it): `decode-kills` while
 * its request is decoded, `send-kills` when a lane has taken it. Others are sent at once. It prints lines, each a word and what it is
 * about: `back r1`, `sent a`, `failed r1 SetAside a`.
 */
import { writeSync } from 'node:fs';
import type { ProviderRow } from '../../src/carrier/provider-row.ts';
import { builtIn } from '../../src/providers/registry.ts';
import type { Failed, Notification } from '../../src/push/push.ts';
import type { Queue, Restore } from '../../src/queue/queue.ts';
import { planRequest, type Route } from '../../src/relay/plan.ts';
import { createRestore } from '../../src/relay/restore.ts';
import { laneId } from '../support/lane-id.ts';

const LANE = laneId();

export const say = (word: string, about: string): void => void writeSync(1, `${word} ${about}\n`);

export const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('it is dead');
};

function route(app: string, { platform }: Notification): Route {
  const { platform: name, requests: rules } = builtIn.numbered(platform) as ProviderRow;
  return { app, platform: name, rules, lane: LANE, provider: 'apns', environment: 'production', slice: 100 };
}

const restored = createRestore({
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

export const mortalRestore: Restore = (stored) => {
  say('back', stored.id);
  return restored(stored, { route });
};

/** @param requests each a list of tokens in JSON */
export async function appendAll(queue: Queue, requests: readonly string[]): Promise<void> {
  for (const [index, text] of requests.entries()) {
    const notification: Notification = { platform: 1, tokens: JSON.parse(text) };
    const request = { id: `r${index}`, app: 'default', acceptedAt: Date.now() };
    const { entries } = planRequest(request, [notification], (each) => route('default', each), performance.now());
    await queue.append(entries, () => JSON.stringify({ notifications: [notification] }));
  }
}

/** Sends what there is, now and later. */
export function keepSending(queue: Queue): void {
  setInterval(() => {
    for (let batch = queue.take(LANE, 100); batch; batch = queue.take(LANE, 100)) {
      for (const target of batch.targets) {
        if (target === 'send-kills') die();
        say('sent', target);
      }
      queue.settle(batch, [...batch.targets.keys()]);
    }
  }, 1);
}
