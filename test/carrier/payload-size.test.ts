import { expect, test } from 'vitest';
import { apnsPayload, apnsRefusal } from '../../src/apns/payload.ts';
import { builtOnce } from '../../src/carrier/built-once.ts';
import { fcmMessage } from '../../src/fcm/payload.ts';
import { hmsMessage } from '../../src/hms/payload.ts';
import type { Delivery, Failed, Notification } from '../../src/push/push.ts';

const tokensOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `t${i}`);
const pushOf = (bytes: number, targets: number): Notification => ({
  platform: 1,
  tokens: tokensOf(targets),
  title: 'title',
  message: 'm'.repeat(bytes),
  huawei_notification: { title: 'title', body: 'm'.repeat(bytes) },
});

const refusals: [string, (n: Notification) => Failed | undefined][] = [
  ['APNs', (n) => apnsRefusal(n, Buffer.from(apnsPayload(n)), false)],
  ['FCM', (n) => refusalOf(fcmMessage(n))],
  ['HMS', (n) => refusalOf(hmsMessage(n))],
];
const refusalOf = (built: object): Failed | undefined => ('outcome' in built ? (built.outcome as Failed) : undefined);

test.each(refusals)(
  '%s is not asked about a payload that no provider takes, once for each of many targets',
  (_, refusal) => {
    expect(refusal(pushOf(1_000_000, 4))).toMatchObject({ category: 'invalid_request', reason: 'PayloadTooLarge' });
    expect(refusal(pushOf(10_000, 2000))).toBeUndefined();
    expect(refusal(pushOf(300_000, 1))).toBeUndefined();
  },
);

function deliveries(targets: number, slice: number, attempt = 0): Delivery[] {
  const notification = pushOf(10, targets);
  return Array.from({ length: targets / slice }, (_, i) => ({
    notification,
    kind: 'token' as const,
    targets: notification.tokens.slice(i * slice, (i + 1) * slice),
    environment: 'production' as const,
    attempt,
  }));
}

test('what all targets share is made once, in however many slices they go out', () => {
  let built = 0;
  const of = builtOnce(() => ({ number: ++built }));
  for (const delivery of deliveries(1000, 1)) expect(of(delivery)).toEqual({ number: 1 });
  for (const delivery of deliveries(1000, 500)) expect(of(delivery)).toEqual({ number: 2 });
});

test('a topic and the tokens beside it do not share it', () => {
  const of = builtOnce((_, kind) => ({ kind }));
  const [first, second] = deliveries(2, 1) as [Delivery, Delivery];
  expect(of(first)).toEqual({ kind: 'token' });
  expect(of({ ...second, kind: 'topic' })).toEqual({ kind: 'topic' });
});
