import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { HubBatch, PushCarrier } from '../../../src/hub/push/push-carrier.ts';
import { needs } from '../../support/needs.ts';
import { startFcm, startGorush } from '../../support/real-gorush.ts';
import { startScriptedRelay } from '../../support/scripted-relay.ts';
import { batchOf } from './carrier-bench.ts';
import { openGorushCarrier } from './gorush-bench.ts';

const long = (name: string): string => `${name}:APA91b-${name}-a-registration-token-as-firebase-makes-them-${name}`;

const android = (batch: string, ...tokens: string[]): HubBatch => ({
  batch,
  app: 'default',
  notification: { platform: 2, tokens, title: 'Hello', message: 'hi', data: { notification_id: batch } },
});

/** As the hub does: what is given back is handed over again. */
async function handOver(carrier: PushCarrier, batches: readonly HubBatch[]): Promise<void> {
  for (let left = batches; left.length > 0; ) {
    const given = new Set((await carrier.send(left)).map(({ batch }) => batch));
    left = left.filter(({ batch }) => given.has(batch));
    if (left.length > 0) await sleep(50);
  }
}

describe('Gorush v1.22.0', needs('gorush'), () => {
  test('what it is sent reaches FCM, and which tokens are dead is known though it masks them', async () => {
    const fcm = await startFcm();
    const gorush = await startGorush(fcm);
    const { carrier, heard } = openGorushCarrier([gorush.url], { api_key: 'ignored' });
    expect(await carrier.send([android('b1', long('fine'), long('dead1')), android('b2', long('other'))])).toEqual([]);
    expect(heard.ended.map(({ batch, target, outcome }) => [batch, target.split(':')[0], outcome.kind])).toEqual([
      ['b1', 'fine', 'accepted'],
      ['b1', 'dead1', 'failed'],
      ['b2', 'other', 'accepted'],
    ]);
    expect(heard.ended[1]?.outcome).toMatchObject({ category: 'invalid_token', reason: 'UNREGISTERED' });
    expect(fcm.messages.find(({ token }) => token === long('fine'))).toMatchObject({
      notification: { title: 'Hello', body: 'hi' },
      data: { notification_id: 'b1' },
    });
    expect(carrier.health()).toEqual({ status: 'pass' });
  });

  test('a platform that is off there, and an asynchronous one', async () => {
    const fcm = await startFcm();
    const gorush = await startGorush(fcm, { sync: false });
    const { carrier, heard } = openGorushCarrier([gorush.url]);
    await carrier.send([batchOf('ios', ['a']), android('b1', long('dead1'))]);
    expect(heard.words.toSorted()).toEqual(['a: PlatformDisabled', `${long('dead1')}: ok`]);
    await expect.poll(() => fcm.messages.map(({ token }) => token)).toEqual([long('dead1')]);
  });

  test('of two one is killed while pushes go out: none is lost, each ends once; with both down the hub keeps them', async () => {
    const fcm = await startFcm();
    const [one, two] = await Promise.all([startGorush(fcm), startGorush(fcm)]);
    const { carrier, heard } = openGorushCarrier([one.url, two.url]);
    const batches = Array.from({ length: 120 }, (_, i) => android(`b${i}`, long(`t${i}`)));
    const sent = Array.from({ length: 12 }, async (_, i) => {
      await sleep(i * 10);
      await handOver(carrier, batches.slice(i * 10, (i + 1) * 10));
    });
    await sleep(40);
    await one.stop();
    await Promise.all(sent);
    expect(carrier.health().status).toBe('warn');
    await two.stop();
    const late = handOver(carrier, [android('late', long('late'))]);
    await expect.poll(() => carrier.health().status).toBe('fail');
    expect(heard.ended.some(({ batch }) => batch === 'late')).toBe(false);
    await one.start();
    await late;
    const ends = heard.ended.map(({ target, outcome }) => `${target} ${outcome.kind}`);
    const wanted = [...batches.map((_, i) => long(`t${i}`)), long('late')];
    expect(ends.toSorted()).toEqual(wanted.map((token) => `${token} accepted`).toSorted());
    expect(new Set(fcm.messages.map(({ token }) => token))).toEqual(new Set(wanted));
  });
});

test('another Martlet: its key, its words', async () => {
  const key = 'a-key-of-the-hub-that-is-long-enough';
  const sha256 = [createHash('sha256').update(key).digest('hex')];
  await using relay = await startScriptedRelay({ auth: { keys: { hub: { sha256, scopes: ['push'] } } } });
  relay.script([{ token: 'dead-token', status: 410, body: { reason: 'Unregistered', timestamp: 1_767_323_045_000 } }]);
  const url = `http://127.0.0.1:${relay.port}`;
  const wrong = openGorushCarrier([url], { api_key: 'a-key-that-was-never-given' });
  expect(await wrong.carrier.send([batchOf('b1', ['a'])])).toMatchObject([
    { why: expect.stringContaining('hub.push.api_key is refused') },
  ]);
  const { carrier, heard } = openGorushCarrier([url], { api_key: key });
  expect(await carrier.send([batchOf('b1', ['fine-token', 'dead-token'])])).toEqual([]);
  const outcome = { category: 'invalid_token', reason: 'Unregistered', status: 410 };
  expect(heard.ended).toMatchObject([
    { target: 'fine-token', outcome: { kind: 'accepted' } },
    { target: 'dead-token', outcome: { ...outcome, unregisteredAt: '2026-01-02T03:04:05.000Z' } },
  ]);
});
