import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from 'undici';
import { afterAll, describe, expect, test } from 'vitest';
import { ReceiptPoller } from '../../src/expo/receipts.ts';
import type { ExpoSection } from '../../src/expo/section.ts';
import type { LateOutcome } from '../../src/push/push.ts';
import { Receipts } from '../../src/relay/receipts/receipts.ts';
import { settlement } from '../support/settlement.ts';
import { startExpoServer } from './expo-server.ts';

const dispatcher = new Agent();
afterAll(() => dispatcher.destroy());

const token = 'ExponentPushToken[abc]';

/** Receipts in a file, and one who asks about them. */
function pollerOf(
  path: string,
  endpoint: string,
  now: () => number = Date.now,
  endpoints: Record<string, string> = {},
) {
  const late: LateOutcome[] = [];
  const warned: string[] = [];
  const receipts = new Receipts({
    path,
    forms: new Map([['expo', {}]]),
    report: (outcome) => void late.push(outcome),
    tell: () => {},
    now,
  });
  const section = {
    endpoint,
    access_token: 'expo-1',
    request_timeout: 5,
    receipts: { first: 900, interval: 900, until: 86_400 },
  } as ExpoSection;
  const poller = new ReceiptPoller({
    late: receipts.of('expo'),
    dispatcher,
    sectionOf: (app) => ({ ...section, endpoint: endpoints[app] ?? endpoint }),
    lookMs: 10,
    warn: (message) => warned.push(message),
  });
  return {
    late,
    warned,
    receipts,
    async close() {
      await poller.close();
      await receipts.close();
    },
  };
}

const accepted = (id: string, now: number, app = 'default') =>
  settlement(
    [token],
    [{ kind: 'accepted', providerId: id, receipt: { askAt: now + 900_000, until: now + 86_400_000 } }],
    {
      provider: 'expo',
      app,
      notification: { tokens: [token], platform: 5, message: 'hi', notif_id: 'n1' },
    },
  );

function folder() {
  const path = mkdtempSync(join(tmpdir(), 'martlet-'));
  return { file: join(path, 'receipts.db'), [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

test('a dead token that Expo finds out later is reported once, after a restart too', async () => {
  using place = folder();
  let now = 1_000_000;
  const clock = () => now;
  await using server = await startExpoServer(({ body }) => ({
    body: {
      data: { [body.ids?.[0] ?? '']: { status: 'error', message: 'gone', details: { error: 'DeviceNotRegistered' } } },
    },
  }));
  const first = pollerOf(place.file, server.origin, clock);
  first.receipts.events.settled(accepted('r1', now));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(server.taken).toEqual([]);
  await first.close();

  now += 901_000;
  const second = pollerOf(place.file, server.origin, clock);
  await expect.poll(() => second.late).toHaveLength(1);
  expect(second.late[0]).toMatchObject({ verdict: 'failed', settlement: { app: 'default', targets: [token] } });
  expect(JSON.stringify(second.late[0])).toContain('DeviceNotRegistered');
  expect(server.taken[0]).toMatchObject({
    path: '/--/api/v2/push/getReceipts',
    headers: { authorization: 'Bearer expo-1' },
    body: { ids: ['r1'] },
  });
  await second.close();

  const third = pollerOf(place.file, server.origin, clock);
  now += 2_000_000;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(third.late).toEqual([]);
  expect(server.taken).toHaveLength(1);
  await third.close();
});

test('an app whose endpoint does not answer, with more to ask about than one request takes, holds up no other', async () => {
  let now = 1_000_000;
  await using server = await startExpoServer(({ body }) => ({
    body: { data: { [body.ids?.[0] ?? '']: { status: 'error', message: 'gone' } } },
  }));
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const poller = pollerOf('', server.origin, () => now, { a: endpoint });
  for (let index = 0; index < 1000; index++) poller.receipts.events.settled(accepted(`a-${index}`, now, 'a'));
  poller.receipts.events.settled(accepted('b-1', now, 'b'));
  now += 901_000;
  await expect.poll(() => poller.late.map(({ settlement }) => settlement.app)).toEqual(['b']);
  poller.receipts.events.settled(accepted('b-2', now - 900_000, 'b'));
  await expect.poll(() => poller.late.map(({ settlement }) => settlement.app)).toEqual(['b', 'b']);
  silent.closeAllConnections();
  await poller.close();
  silent.close();
});

describe('a receipt', () => {
  test('that says ok claims no delivery, and is not asked for again', async () => {
    let now = 1_000_000;
    await using server = await startExpoServer(({ body }) => ({
      body: { data: { [body.ids?.[0] ?? '']: { status: 'ok' } } },
    }));
    const poller = pollerOf('', server.origin, () => now);
    poller.receipts.events.settled(accepted('r1', now));
    now += 901_000;
    await expect.poll(() => server.taken.length).toBe(1);
    now += 4_000_000;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(poller.late.map(({ verdict }) => verdict)).toEqual(['unknown']);
    expect(server.taken).toHaveLength(1);
    await poller.close();
  });

  test('that is not there yet is asked for again, with doubled pauses', async () => {
    let now = 1_000_000;
    await using server = await startExpoServer(() => ({ body: { data: {} } }));
    const poller = pollerOf('', server.origin, () => now);
    poller.receipts.events.settled(accepted('r1', now));
    for (const [pause, count] of [
      [901_000, 1],
      [901_000, 2],
      [1_801_000, 3],
    ] as const) {
      now += pause;
      await expect.poll(() => server.taken.length).toBe(count);
    }
    await poller.close();
  });

  test('is asked for again after an answer that is not one', async () => {
    let now = 1_000_000;
    await using server = await startExpoServer((_, count) =>
      count === 1
        ? { status: 503, body: 'down' }
        : { body: { data: { r1: { status: 'error', message: 'no reason' } } } },
    );
    const poller = pollerOf('', server.origin, () => now);
    poller.receipts.events.settled(accepted('r1', now));
    now += 901_000;
    await expect.poll(() => server.taken.length).toBe(1);
    now += 901_000;
    await expect.poll(() => poller.late.length).toBe(1);
    const { host } = new URL(server.origin);
    expect(poller.warned).toEqual([
      `expo: receipts (app default) cannot be asked for at ${host}, late verdicts wait: 503`,
      expect.stringMatching(/^expo: receipts \(app default\) can be asked for again after \d+ s$/),
    ]);
    expect(JSON.stringify(poller.late)).toContain('UnknownReceipt');
    await poller.close();
  });
});
