import { Agent } from 'undici';
import { afterAll, describe, expect, test } from 'vitest';
import type { Delivery, Notification, PushTransport } from '../../src/push/push.ts';
import { createSmsTransport, type SmsTransportOptions } from '../../src/sms/transport.ts';
import { deliveryOf, outcomesOf } from '../support/delivery.ts';
import { startMessagesServer } from './messages-server.ts';

const dispatcher = new Agent();
afterAll(() => dispatcher.destroy());

const transportTo = (endpoint: string, more: Partial<SmsTransportOptions> = {}): PushTransport =>
  createSmsTransport({
    dispatcher,
    requestTimeoutMs: 5000,
    connections: 10,
    endpoint,
    accountSid: 'AC1',
    login: { user: 'AC1', password: 's:e&cret' },
    sender: { from: '+15005550006', messagingServiceSid: '' },
    maxSegments: 3,
    validity: 36_000,
    codes: new Map(),
    ...more,
  });

const delivery = (
  targets: readonly string[],
  fields: Partial<Notification> & { sms?: object; url?: string } = {},
): Delivery => deliveryOf(targets, { platform: 8, ...fields });

const ONE = '+4915112345678';

test('each number gets a message of its own, signed with the account', async () => {
  await using server = await startMessagesServer(({ form }) => ({
    status: 201,
    body: `{"sid":"SM${form.get('To')?.slice(1)}"}`,
  }));
  const outcomes = await outcomesOf(
    transportTo(server.origin),
    delivery([ONE, '+49 151 12345679'], { title: 'Order & more', message: 'Ready', url: 'https://example.com/17' }),
  );
  expect(outcomes).toEqual([
    { kind: 'accepted', providerId: 'SM4915112345678' },
    { kind: 'accepted', providerId: 'SM4915112345679' },
  ]);
  const [first] = server.taken;
  expect(first?.path).toBe('/2010-04-01/Accounts/AC1/Messages.json');
  expect(first?.headers.authorization).toBe(`Basic ${Buffer.from('AC1:s:e&cret').toString('base64')}`);
  expect(Object.fromEntries(first?.form ?? [])).toEqual({
    To: ONE,
    From: '+15005550006',
    Body: 'Order & more\nReady\nhttps://example.com/17',
    ValidityPeriod: '36000',
  });
});

test('a text of its own, a messaging service, an expiry and a callback go out as they are', async () => {
  await using server = await startMessagesServer();
  const transport = transportTo(server.origin, {
    sender: { from: '', messagingServiceSid: 'MG1' },
    statusCallback: 'https://push.example.com/v1/callbacks/sms/acme/status',
    now: () => 1_000_000,
  });
  await outcomesOf(transport, delivery([ONE], { title: 'unused', sms: { text: 'Code 123' }, expiration: 1090 }));
  expect(Object.fromEntries(server.taken[0]?.form ?? [])).toEqual({
    To: ONE,
    MessagingServiceSid: 'MG1',
    Body: 'Code 123',
    ValidityPeriod: '90',
    StatusCallback: 'https://push.example.com/v1/callbacks/sms/acme/status',
  });
});

test('what cannot be sent is not sent', async () => {
  await using server = await startMessagesServer();
  const transport = transportTo(server.origin);
  expect(await outcomesOf(transport, delivery(['015112345678', '', ONE]))).toMatchObject([
    { category: 'invalid_token', reason: 'InvalidNumber' },
    { category: 'invalid_token', reason: 'InvalidNumber' },
    { kind: 'accepted' },
  ]);
  expect(await outcomesOf(transport, delivery([ONE], { message: ' \n ' }))).toMatchObject([{ reason: 'MissingText' }]);
  expect(server.taken).toHaveLength(1);
});

describe('an answer', () => {
  test.each([
    [
      'with a code of a dead number',
      400,
      '{"code":21211,"message":"+4915112345678 is not valid"}',
      'invalid_token',
      '21211',
    ],
    ['of a person who replied STOP', 400, '{"code":21610}', 'invalid_request', '21610'],
    ['with an unknown code', 400, '{"code":99999}', 'invalid_request', '99999'],
    ['with a wrong secret', 401, '{"code":20003}', 'credential', '20003'],
    ['of too many requests', 429, '{"code":20429}', 'unavailable', '20429'],
    ['of a provider in trouble', 503, 'down', 'unavailable', 'Status503'],
    ['of something on the way, a page', 404, '<html>', 'unavailable', 'InvalidAnswer'],
    ['of something on the way, a page with 200', 200, '<html>', 'unanswered', 'InvalidAnswer'],
    ['with a code that is a text', 400, '{"code":"drop table"}', 'invalid_request', 'Status400'],
  ])('%s', async (_, status, body, category, reason) => {
    await using server = await startMessagesServer(() => ({ status, body, headers: { 'retry-after': '7' } }));
    const [outcome] = await outcomesOf(transportTo(server.origin), delivery([ONE]));
    expect(outcome).toMatchObject({ kind: 'failed', category, reason });
    expect(JSON.stringify(outcome)).not.toContain('15112345678');
    expect('retryAfterMs' in (outcome as object)).toBe(category === 'unavailable' && reason !== 'InvalidAnswer');
  });

  test('has the category that the configuration gives its code', async () => {
    await using server = await startMessagesServer(() => ({ status: 400, body: '{"code":21610}' }));
    const codes = new Map([['21610', 'invalid_token' as const]]);
    expect(await outcomesOf(transportTo(server.origin, { codes }), delivery([ONE]))).toMatchObject([
      { category: 'invalid_token' },
    ]);
  });
});

test('a cut after the request may have been a message, a refused connection was not', async () => {
  await using server = await startMessagesServer(() => 'cut');
  expect(await outcomesOf(transportTo(server.origin), delivery([ONE]))).toMatchObject([{ category: 'unanswered' }]);
  expect(await outcomesOf(transportTo('http://127.0.0.1:1'), delivery([ONE]))).toMatchObject([
    { category: 'not_sent', reason: 'ConnectionFailed' },
  ]);
});

test('closing ends what is under way and settles what waits', async () => {
  await using server = await startMessagesServer(() => 'hang');
  const transport = transportTo(server.origin, { connections: 1 });
  const outcomes = outcomesOf(transport, delivery([ONE, ONE]));
  await expect.poll(() => server.taken.length).toBe(1);
  expect(transport.status()).toMatchObject({ inFlight: 2, sessions: 1, capacity: 1 });
  await transport.close();
  expect(await outcomes).toMatchObject([{ category: 'unanswered' }, { category: 'not_sent' }]);
  expect(transport.status().inFlight).toBe(0);
});
