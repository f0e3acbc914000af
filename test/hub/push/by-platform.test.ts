import { expect, test } from 'vitest';
import { byPlatform } from '../../../src/hub/push/by-platform.ts';
import { createNoCarrier } from '../../../src/hub/push/no-carrier.ts';
import type { HubBatch, PushCarrier } from '../../../src/hub/push/push-carrier.ts';
import { batchOf, Listener } from './carrier-bench.ts';

const recording = (name: string, answers: Partial<PushCarrier> = {}) => {
  const batches: HubBatch[] = [];
  const carrier: PushCarrier = {
    ...createNoCarrier(),
    send: async (sent) => {
      batches.push(...sent);
      return sent.map(({ batch }) => ({ batch, why: name }));
    },
    can: () => true,
    ...answers,
  };
  return { carrier, batches };
};

test('with hub.push.mode none devices get nothing, and the other channels go on', async () => {
  const relay = recording('relay');
  const carrier = byPlatform(createNoCarrier(), relay.carrier);
  const heard = new Listener();
  carrier.listen(heard);
  const mail = { platform: 7, tokens: ['a@example.com'], message: 'hi' };
  expect(await carrier.send([batchOf('push', ['a']), batchOf('mail', [], { notification: mail })])).toEqual([
    { batch: 'mail', why: 'relay' },
  ]);
  expect(heard.ended).toMatchObject([
    { batch: 'push', outcome: { category: 'disabled', error: 'hub.push.mode: none' }, attempts: 0 },
  ]);
  expect(relay.batches.map(({ batch }) => batch)).toEqual(['mail']);
  expect(['ios', 'web', 'email', 'sms', 'slack'].map((platform) => carrier.can('default', platform))).toEqual([
    false,
    false,
    true,
    true,
    true,
  ]);
});

test('a batch is held if either holds it, and it is not known if one cannot say; health is the worse of both', () => {
  const carrier = byPlatform(
    recording('push', { holds: (batch) => batch === 'mine', health: () => ({ status: 'warn', output: 'one is down' }) })
      .carrier,
    recording('relay', { holds: (batch) => (batch === 'lost' ? undefined : false) }).carrier,
  );
  expect(['mine', 'lost', 'other'].map((batch) => carrier.holds(batch))).toEqual([true, undefined, false]);
  expect(carrier.health()).toEqual({ status: 'warn', output: 'one is down' });
});
