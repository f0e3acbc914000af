import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createClient } from '../../src/client/create-client.ts';
import { startRelay } from './running-relay.ts';

const hello = { platform: 1, tokens: ['a1b2c3d4'.repeat(8)], topic: 'com.example', message: 'hello' } as const;
const dead = { ...hello, tokens: ['dead0410'.repeat(8)], notif_id: 'order-42' } as const;

test('a push that failed is told, explained and listed', async () => {
  await using relay = await startRelay({ core: { sync: true } });
  const pushed = await relay.client.push([hello, dead]);
  if (!pushed.ok) throw new Error(pushed.error.message);
  expect(pushed).toMatchObject({
    counts: 4,
    logs: [{ notif_id: 'order-42', reason: 'Unregistered', invalid_token: true }],
  });

  const explained = await relay.client.explain(pushed.requestId);
  expect(explained).toMatchObject({ ok: true, pushes: [{ request_id: pushed.requestId, delivered: 1, failed: 1 }] });
  const attempt = {
    event: 'attempt',
    outcome: 'failed',
    reason: 'Unregistered',
    advice: expect.stringContaining('token'),
  };
  expect(await relay.client.explain('order-42')).toMatchObject({
    pushes: [{ events: expect.arrayContaining([expect.objectContaining(attempt)]) }],
  });
  expect(await relay.client.explain('order-43')).toMatchObject({ ok: false, error: { kind: 'not_found' } });

  const failed = await relay.client.pushes({ status: 'failed', since: new Date(Date.now() - 3_600_000), limit: 10 });
  expect(failed).toMatchObject({ ok: true, pushes: [{ notif_id: 'order-42', reason: 'Unregistered' }] });
  const first = await relay.client.pushes({ limit: 1 });
  const second = await relay.client.pushes({ limit: 1, cursor: (first.ok && first.nextCursor) || 'none' });
  expect([first, second].map((page) => page.ok && page.pushes.length)).toEqual([1, 1]);
  expect(first).not.toEqual(second);
  expect(await relay.client.pushes({ limit: 0 })).toMatchObject({
    error: { kind: 'invalid', details: [{ path: 'limit' }] },
  });
});

test('what is wrong with a request is a value', async () => {
  await using relay = await startRelay();
  const wrong = { ...hello, badge: 'three' as unknown as number };
  expect(await relay.client.push(wrong)).toMatchObject({
    ok: false,
    error: {
      kind: 'invalid',
      details: [{ path: 'notifications[0].badge', reason: 'expected an integer, got a string' }],
    },
  });
  expect(await relay.client.push([])).toMatchObject({ ok: false, error: { kind: 'invalid', status: 400 } });
});

test('a relay that ends and begins again meanwhile costs tries, and no push', async () => {
  await using relay = await startRelay({ core: { shutdown_timeout: 5 } });
  const client = createClient({
    url: relay.url,
    retries: 40,
    sleep: () => new Promise((resolve) => setTimeout(resolve, 250)),
  });
  relay.child.kill('SIGTERM');
  await relay.ended();
  const call = client.push(hello);
  await relay.restart();
  expect(await call).toMatchObject({ ok: true, counts: 2 });
});

test('a key is asked for where the relay has keys', async () => {
  const sha256 = createHash('sha256').update('the-key-of-the-shop').digest('hex');
  await using relay = await startRelay({ auth: { keys: { shop: { sha256, scopes: ['push'] } } } });
  const shop = createClient({ url: relay.url, key: 'the-key-of-the-shop' });
  expect(await shop.push(hello)).toMatchObject({ ok: true });
  expect(await shop.pushes()).toMatchObject({ error: { kind: 'unauthorized', status: 403 } });
  expect(await relay.client.push(hello)).toMatchObject({ error: { kind: 'unauthorized', status: 401 } });
});
