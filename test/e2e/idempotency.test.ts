import { expect, test } from 'vitest';
import { startRelay } from './running-relay.ts';

const body = (token: string, more: object = {}) =>
  JSON.stringify({ notifications: [{ platform: 1, tokens: [token], topic: 'com.example', ...more }] });

test('a request that is repeated with its Idempotency-Key is answered as before, and sent once', async () => {
  await using relay = await startRelay({ core: { sync: true } });
  const post = async (content: string, key?: string) => {
    const headers: Record<string, string> = key ? { 'Idempotency-Key': key } : {};
    const response = await fetch(`${relay.url}/api/push`, { method: 'POST', body: content, headers });
    return { status: response.status, body: await response.json() };
  };
  const first = await post(body('a1'), 'k1');
  expect(first.status).toBe(200);
  const repeated = await Promise.all([post(body('a1'), 'k1'), post(body('a1'), 'k1')]);
  expect(repeated).toEqual([first, first]);
  expect(relay.sandbox.delivered()).toBe(1);
  expect(await post(body('b2'), 'k1')).toMatchObject({ status: 422 });
  expect((await post(body('a1'), 'k2')).status).toBe(200);
  expect((await post(body('a1'))).status).toBe(200);
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
