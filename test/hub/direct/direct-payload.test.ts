import { expect, test } from 'vitest';
import { directPayload, isEmptyAlert } from '../../../src/hub/direct/direct-payload.ts';
import type { DirectPush } from '../../../src/hub/direct/direct-push.ts';

const NOW = 1_800_000_000_000;
const ios = { platform: 'ios', kind: 'alert', environment: 'production' };
const of = (push: Partial<DirectPush>, way = ios, topic = 'com.acme.app') =>
  directPayload({ priority: 'normal', ...push }, way, topic, NOW);

test('APNs: texts, thread, badge, sound, data at the top, never aps or content_available (O86, O88 to O91)', () => {
  const data = { order: '42', aps: { alert: 'forged' }, content_available: true };
  expect(of({ title: 'T', body: 'B', channel: 'chat', badge: 3, sound: 'ping', data })).toEqual({
    ...{ title: 'T', message: 'B', 'thread-id': 'chat', badge: 3, sound: 'ping', data: { order: '42' } },
    ...{ priority: 'normal', topic: 'com.acme.app', production: true, content_available: true },
  });
});

test('APNs: a call goes to .voip with high priority and half a minute to live, also when it is empty (O105)', () => {
  expect(of({}, { ...ios, kind: 'voip' })).toMatchObject({
    ...{ topic: 'com.acme.app.voip', push_type: 'voip', priority: 'high', expiration: NOW / 1000 + 30 },
  });
});

test('APNs: content_available alone is background with normal priority; with a text it is an alert (V18)', () => {
  expect(of({ data: { content_available: '1' }, priority: 'high' })).toMatchObject({
    push_type: 'background',
    priority: 'normal',
  });
  expect(of({ data: { content_available: true }, body: 'B', priority: 'high' })).toMatchObject({ priority: 'high' });
  expect(of({ data: { content_available: true }, body: 'B' })).not.toHaveProperty('push_type');
});

test('what counts as content (O100, O102, V20)', () => {
  const isEmpty = (push: Partial<DirectPush>) => isEmptyAlert({ priority: 'normal', ...push });
  expect(isEmpty({})).toBe(true);
  expect(isEmpty({ data: { other: true } })).toBe(true);
  expect(isEmpty({ data: { content_available: false } })).toBe(true);
  for (const content_available of [true, 1, '1', 'true']) expect(isEmpty({ data: { content_available } })).toBe(false);
  for (const push of [{ title: 'T' }, { body: 'B' }, { badge: 0 }, { sound: 's' }]) expect(isEmpty(push)).toBe(false);
});

test('a collapse id of up to 64 bytes stays, a longer one is hashed, so that none is cut in half (O99, V19)', () => {
  const id = (messageId: string) => of({ body: 'B', messageId }).collapse_id as string;
  expect(id('x'.repeat(64))).toBe('x'.repeat(64));
  const [one, two] = [id(`${'é'.repeat(40)}1`), id(`${'é'.repeat(40)}2`)];
  expect(one).not.toBe(two);
  expect(Buffer.byteLength(one)).toBeLessThanOrEqual(64);
});

test('Expo: sound default, mutable content, channel (O107)', () => {
  expect(of({ body: 'B', channel: 'chat' }, { ...ios, platform: 'expo' })).toMatchObject({
    ...{ sound: 'default', expo: { mutableContent: true, channelId: 'chat' } },
  });
});

test('ntfy: the body, else the data as JSON; channel is a tag (O108, O109)', () => {
  const ntfy = { ...ios, platform: 'ntfy' };
  expect(of({ data: { a: 1 }, channel: 'chat' }, ntfy)).toMatchObject({ message: '{"a":1}', ntfy: { tags: ['chat'] } });
  expect(of({ data: { a: 1 }, body: 'B' }, ntfy)).toMatchObject({ message: 'B' });
});

test('FCM: data are texts', () => {
  expect(of({ body: 'B', data: { n: 1, t: 'x', o: { a: 1 } } }, { ...ios, platform: 'android' }).data).toEqual({
    ...{ n: '1', t: 'x', o: '{"a":1}' },
  });
});

test('Huawei: a title and a text, of which there is one, and data as one text', () => {
  const huawei = { ...ios, platform: 'huawei' };
  expect(of({ body: 'B', data: { a: 1 }, ttlMs: 60_000 }, huawei)).toMatchObject({
    ...{ title: 'B', message: 'B', huawei_data: '{"a":1}', huawei_ttl: '60s' },
  });
  expect(of({ title: 'T' }, huawei)).toMatchObject({ title: 'T', message: 'T' });
  for (const name of ['title', 'message', 'sound'])
    expect(of({ data: { a: 1 }, sound: 's' }, huawei)).not.toHaveProperty(name);
});
