import { expect, test } from 'vitest';
import { startRelay } from './running-relay.ts';

const push = (token: string) => ({ platform: 1, tokens: [token], topic: 'com.example' }) as const;

test('a request that is repeated with its Idempotency-Key is answered as before, and sent once', async () => {
  await using relay = await startRelay({ core: { sync: true } });
  const post = (token: string, idempotencyKey?: string) =>
    relay.client.push(push(token), idempotencyKey === undefined ? {} : { idempotencyKey });
  const first = await post('a1', 'k1');
  expect(first.ok).toBe(true);
  const repeated = await Promise.all([post('a1', 'k1'), post('a1', 'k1')]);
  expect(repeated).toEqual([first, first]);
  expect(relay.sandbox.delivered()).toBe(1);
  expect(await post('b2', 'k1')).toMatchObject({ ok: false, error: { status: 422 } });
  expect((await post('a1', 'k2')).ok).toBe(true);
  expect((await post('a1')).ok).toBe(true);
  expect(relay.sandbox.delivered()).toBe(3);
});

test('with queue.dedupe a notif_id does the same', async () => {
  await using relay = await startRelay({ core: { sync: true }, queue: { dedupe: true } });
  const notification = { platform: 1, tokens: ['a1'], topic: 'com.example', notif_id: 'n1' };
  const first = await relay.push(notification);
  expect(await relay.push(notification)).toEqual(first);
  await relay.push({ ...notification, notif_id: 'n2' });
  expect(relay.sandbox.delivered()).toBe(2);
});
