import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apnsHeaders, apnsPayload, apnsRefusal } from '../../src/apns/payload.ts';
import type { Notification } from '../../src/push/push.ts';
import { decodePushRequest } from '../../src/push/wire/decode-push-request.ts';

interface Sent {
  readonly host: string;
  readonly path: string;
  readonly headers: Record<string, unknown>;
  readonly body: unknown;
}
interface Case {
  readonly name: string;
  readonly requests?: { readonly body?: unknown; readonly raw?: string }[];
  readonly recorded: { readonly upstream?: Sent[] };
  readonly expect?: { readonly upstream?: Sent[]; readonly any?: true };
}

const push = (fields: Partial<Notification>): Notification => ({ platform: 1, tokens: ['a1'], ...fields });
const aps = (fields: Partial<Notification>): unknown => JSON.parse(apnsPayload(push(fields))).aps;
const header = (fields: Partial<Notification>, name: string): string | undefined =>
  apnsHeaders(push(fields)).find((other) => other.name === name)?.value;
const refusal = (fields: Partial<Notification>) => apnsRefusal(push(fields), Buffer.from(apnsPayload(push(fields))));

/** Integers beyond 2^53 as the corpus writes them. */
const keepDigits = (_: string, value: unknown, context: { source: string }): unknown =>
  typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(context.source)
    ? digits(context.source)
    : value;
const digits = (source: string): unknown =>
  BigInt(Number(source)) === BigInt(source) ? Number(source) : { $num: source };
const parse = (text: string): unknown => JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown);

/** `{"$oneOf": […]}` in the expectation: the first that matches. */
function settle(expected: unknown, actual: unknown): unknown {
  if (typeof expected !== 'object' || expected === null) return expected;
  if ('$oneOf' in expected) {
    const choices = expected.$oneOf as unknown[];
    return choices.find((choice) => JSON.stringify(choice) === JSON.stringify(actual)) ?? choices;
  }
  if (Array.isArray(expected)) return expected.map((item, at) => settle(item, (actual as unknown[] | undefined)?.[at]));
  return Object.fromEntries(
    Object.entries(expected).map(([key, value]) => [key, settle(value, (actual as Record<string, unknown>)?.[key])]),
  );
}

const apnsOf = (headers: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('apns-')));

/** How the recorder shows bytes above 0x7f. */
const onTheWire = (value: string): string => Buffer.from(value, 'utf8').toString('latin1');

function built(notification: Notification) {
  const headers = apnsHeaders(notification).map(({ name, value }) => [name, onTheWire(value)]);
  return { headers: apnsOf(Object.fromEntries(headers)), body: parse(apnsPayload(notification)) };
}

function casesOf(group: string): Case[] {
  const file = new URL(`../contract/corpus/${group}.json`, import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };
  return cases.filter((one) => !one.expect?.any && upstreamOf(one).length > 0);
}

const upstreamOf = ({ recorded, expect: expected }: Case): Sent[] => {
  const upstream = expected?.upstream ?? recorded.upstream;
  return Array.isArray(upstream) ? upstream.filter(({ host }) => host.includes('push.apple.com')) : [];
};

const notificationsOf = ({ requests = [] }: Case): Notification[] =>
  requests.flatMap(({ body, raw }) => {
    const decoded = decodePushRequest(raw ?? JSON.stringify(body ?? null));
    return decoded.ok ? decoded.notifications.filter(({ platform }) => platform === 1) : [];
  });

for (const group of ['ios', 'async-feedback', 'mixed']) {
  const cases = casesOf(group);
  describe(`what the real Gorush sent to Apple, group ${group}`, () => {
    test.each(cases.map((one) => [one.name, one] as const))('%s', (_, one) => {
      const notifications = notificationsOf(one);
      for (const sent of upstreamOf(one)) {
        const token = sent.path.slice('/3/device/'.length);
        const mine = notifications.filter(({ tokens, to }) => tokens.includes(token) || to === token).map(built);
        const expected = { headers: apnsOf(sent.headers), body: sent.body };
        const same = mine.find((other) => JSON.stringify(other.body) === JSON.stringify(sent.body)) ?? mine[0];
        expect(same).toEqual(settle(expected, same));
      }
    });
  });
}

describe('the payload', () => {
  test('a message alone is a text, and with any alert field the body of an object', () => {
    expect(aps({ message: 'hi' })).toEqual({ alert: 'hi' });
    expect(aps({ message: 'hi', alert: { subtitle: '', 'summary-arg-count': 0 } })).toEqual({ alert: 'hi' });
    expect(aps({ message: 'hi', title: 'T', alert: { subtitle: 's' } })).toEqual({
      alert: { title: 'T', body: 'hi', subtitle: 's' },
    });
    expect(aps({ message: 'hi', alert: { body: 'B' } })).toEqual({ alert: { body: 'B' } });
  });

  test('keys of data.aps replace generated keys one by one, and custom keys stand beside aps', () => {
    const data = { aps: { alert: 'mine', extra: 1 }, k: 'v', ['__proto__']: { x: 1 } };
    const text = apnsPayload(push({ message: 'hi', badge: 3, data }));
    expect(JSON.parse(text)).toEqual(
      JSON.parse('{"k":"v","__proto__":{"x":1},"aps":{"alert":"mine","badge":3,"extra":1}}'),
    );
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  test('name and volume beside a sound object replace only their own key', () => {
    expect(aps({ sound: { name: 'x' }, volume: 0.9 })).toEqual({ sound: { critical: 1, name: 'x', volume: 0.9 } });
    expect(aps({ sound: { critical: 0, name: 'x' }, name: 'y' })).toEqual({ sound: { name: 'y', volume: 1 } });
    expect(aps({ sound: 'default', name: 'y' })).toEqual({ sound: { critical: 1, name: 'y', volume: 1 } });
  });

  test('a sound that is neither text nor object is ignored', () => {
    for (const sound of [5, true, ['a'], null]) expect(aps({ sound })).toEqual({});
    expect(aps({ sound: {} })).toEqual({ sound: {} });
  });

  test('fractions are written as Go writes 32-bit numbers', () => {
    expect(aps({ 'relevance-score': 0.1 })).toEqual({ 'relevance-score': 0.1 });
    expect(aps({ 'relevance-score': 0.123456789 })).toEqual({ 'relevance-score': 0.12345679 });
    expect(aps({ 'relevance-score': 1e300 })).toEqual({ 'relevance-score': 1e300 });
  });

  test('integers beyond 2^53 keep their digits', () => {
    const decoded = decodePushRequest(
      '{"notifications":[{"platform":1,"tokens":["a"],"data":{"id":12345678901234567890}}]}',
    );
    expect(decoded.ok && apnsPayload(decoded.notifications[0] as Notification)).toContain('"id":12345678901234567890');
  });
});

describe('the headers', () => {
  test('expiration 0 is sent and a negative one is not', () => {
    expect(header({ expiration: 0 }, 'apns-expiration')).toBe('0');
    expect(header({ expiration: -5 }, 'apns-expiration')).toBeUndefined();
    expect(header({}, 'apns-expiration')).toBeUndefined();
  });

  test('only normal and high are priorities', () => {
    expect(header({ priority: 'normal' }, 'apns-priority')).toBe('5');
    expect(header({ priority: 'high' }, 'apns-priority')).toBe('10');
    for (const priority of ['HIGH', '10', 'constructor', '']) {
      expect(header({ priority }, 'apns-priority')).toBeUndefined();
    }
  });

  test('white space around a topic is no part of it', () => {
    expect(header({ topic: ' com.example.app\t' }, 'apns-topic')).toBe('com.example.app');
    expect(header({ topic: '  ' }, 'apns-topic')).toBeUndefined();
  });
});

describe('refusals before sending', () => {
  test('4,096 bytes may go and one more may not; voip has 5,120', () => {
    const room = 4096 - apnsPayload(push({ message: 'x' })).length + 1;
    expect(refusal({ message: 'x'.repeat(room) })).toBeUndefined();
    expect(refusal({ message: 'x'.repeat(room + 1) })).toMatchObject({
      category: 'invalid_request',
      reason: 'PayloadTooLarge',
    });
    expect(refusal({ message: 'é'.repeat(room / 2 + 1) })).toBeDefined();
    expect(refusal({ push_type: 'voip', message: 'x'.repeat(room + 1024) })).toBeUndefined();
    expect(refusal({ push_type: 'voip', message: 'x'.repeat(room + 1025) })).toBeDefined();
  });

  test.each([
    ['topic', 'BadTopic'],
    ['push_type', 'InvalidPushType'],
    ['collapse_id', 'BadCollapseId'],
    ['apns_id', 'BadMessageId'],
  ] as const)('a control character in %s, or a value that fills the header list, is refused as %s', (key, reason) => {
    expect(refusal({ [key]: 'a\r\nb: c' })).toMatchObject({ category: 'invalid_request', reason });
    expect(refusal({ [key]: 'a\u0000' })).toMatchObject({ reason });
    expect(refusal({ [key]: 'a'.repeat(5000) })).toMatchObject({ reason });
    expect(refusal({ [key]: 'é☃' })).toBeUndefined();
  });
});

const json = fc.jsonValue() as fc.Arbitrary<never>;
const text = fc.string({ unit: 'binary' });
const anyNotification: fc.Arbitrary<Notification> = fc.record(
  {
    platform: fc.constant(1),
    tokens: fc.array(text),
    message: text,
    title: text,
    topic: text,
    priority: fc.constantFrom('high', 'normal', '', 'x'),
    sound: fc.oneof(json, fc.record({ critical: json, Name: json, volume: json }, { requiredKeys: [] })),
    data: fc.oneof(fc.dictionary(text, json), fc.record({ aps: json })),
    name: text,
    volume: fc.double({ noNaN: true, noDefaultInfinity: true }),
    expiration: fc.maxSafeInteger(),
    apns_id: text,
    collapse_id: text,
    push_type: text,
    badge: fc.maxSafeInteger(),
    alert: fc.record({ title: text, body: text, 'loc-args': fc.array(text), 'summary-arg-count': fc.integer() }),
    'url-args': fc.array(text),
    'content-state': fc.dictionary(text, json),
    'relevance-score': fc.double({ noNaN: true, noDefaultInfinity: true }),
    timestamp: fc.maxSafeInteger(),
  },
  { requiredKeys: ['platform', 'tokens'] },
);

test('any notification gives valid JSON with aps, and legal headers unless it is refused', () => {
  fc.assert(
    fc.property(anyNotification, (notification) => {
      const body = apnsPayload(notification);
      expect(JSON.parse(body)).toHaveProperty('aps');
      const headers = apnsHeaders(notification);
      expect(new Set(headers.map(({ name }) => name)).size).toBe(headers.length);
      if (apnsRefusal(notification, Buffer.from(body))) return;
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what a field value must not hold
      for (const { value } of headers) expect(value).toMatch(/^[^\0-\x08\x0a-\x1f\x7f]+$/);
      for (const { value } of headers) expect(value).not.toMatch(/^[ \t]|[ \t]$/);
    }),
  );
});
