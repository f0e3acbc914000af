import { afterAll, beforeAll, expect, test } from 'vitest';
import { HubReplies } from '../../../src/host/hub/hub-replies.ts';
import type { PersonReply } from '../../../src/push/push.ts';
import { signatureOf } from '../../../src/sms/callback.ts';
import { openSeedRelay, type SeedRelay } from '../../api/hub/seed-relay.ts';
import { eventually } from '../../support/eventually.ts';

const PUBLIC = 'https://push.example.com';
/** Of the simulated providers. */
const SMS_TOKEN = 'sandbox+token/&=:';
const STOPPED = '+15005550004';

let relay: SeedRelay;
beforeAll(async () => {
  relay = await openSeedRelay({ hub: { public_url: PUBLIC }, email: { bounces: { secret: 'secret-of-bounces' } } });
});
afterAll(() => relay[Symbol.asyncDispose]());

const addresses = async (user: string) => (await relay.ask(`GET /v1/users/${user}`, 'boss')).body.addresses;
const send = async (user: string, channel: string) => {
  const body = { message: 'Hello', to: { users: [user] }, channels: [channel] };
  const { id } = (await relay.ask('POST /v1/notifications', 'boss', body)).body;
  return id as string;
};
const decision = async (id: string) =>
  (await relay.ask(`GET /v1/notifications/${id}`, 'boss')).body.people[0].decisions[0];

/** As the provider tells what a person has answered. */
async function answered(From: string, Body: string): Promise<number> {
  const path = '/v1/callbacks/sms/default/inbound';
  const form = new URLSearchParams({ From, Body, MessageSid: 'SM0123456789abcdef0123456789abcdef' });
  const signature = signatureOf(SMS_TOKEN, PUBLIC + path, form);
  const headers = { 'X-Twilio-Signature': signature };
  return (await fetch(relay.url + path, { method: 'POST', body: form, headers })).status;
}

test('STOP by SMS reaches the person, whose next SMS is not sent, until START', async () => {
  const phone = '+4915112345678';
  await relay.ask('PUT /v1/users/ada', 'boss', { phone, consent: { sms: true } });
  expect(await answered(phone, 'Stop')).toBe(200);
  await eventually(async () =>
    expect(await addresses('ada')).toMatchObject({ sms: { status: 'unsubscribed', reason: 'STOP' } }),
  );
  expect(await decision(await send('ada', 'sms'))).toMatchObject({ state: 'suppressed', reason: 'unsubscribed' });
  expect(await answered(phone, 'START')).toBe(200);
  await eventually(async () => expect(await addresses('ada')).toMatchObject({ sms: { status: 'active' } }));
  expect(await decision(await send('ada', 'sms'))).toMatchObject({ state: expect.not.stringMatching('suppressed') });
});

test('a provider that says that the number has answered STOP is believed', async () => {
  await relay.ask('PUT /v1/users/bob', 'boss', { phone: STOPPED, consent: { sms: true } });
  const id = await send('bob', 'sms');
  await eventually(async () => expect(await decision(id)).toMatchObject({ state: 'failed', reason: '21610' }));
  expect(await addresses('bob')).toMatchObject({ sms: { status: 'unsubscribed', reason: '21610' } });
  expect(await decision(await send('bob', 'sms'))).toMatchObject({ state: 'suppressed', reason: 'unsubscribed' });
});

/** What a mail server hands over. */
const report = (body: string): Promise<Response> =>
  fetch(`${relay.url}/v1/callbacks/email/default/bounces`, {
    ...{ method: 'POST', body, headers: { authorization: 'Bearer secret-of-bounces' } },
  });

test.each([
  ['a bounce', 'Action: failed\r\nStatus: 5.1.1', 'bounced', '5.1.1', 'bounced'],
  ['a complaint', 'Feedback-Type: abuse', 'complained', 'Complaint', 'unsubscribed'],
])(
  '%s that comes hours later blocks the address, and another address is active',
  async (_, what, status, reason, later) => {
    const user = `cyd-${status}`;
    const email = `${user}@example.com`;
    await relay.ask(`PUT /v1/users/${user}`, 'boss', { email, consent: { email: true } });
    const id = await send(user, 'email');
    const messageId = await eventually(async () => {
      const sent = await decision(id);
      expect(sent).toMatchObject({ state: 'sent' });
      return sent.provider_id as string;
    });
    const quoted = `Message-ID: ${messageId.startsWith('<') ? messageId : `<${messageId}>`}`;
    expect((await report(`From: mta\r\n\r\n${what}\r\n\r\n${quoted}\r\n`)).status).toBe(204);
    await eventually(async () => expect(await decision(id)).toMatchObject({ state: 'failed', reason }));
    expect(await addresses(user)).toMatchObject({ email: { status, reason } });
    expect(await decision(await send(user, 'email'))).toMatchObject({ state: 'suppressed', reason: later });
    await relay.ask(`PATCH /v1/users/${user}`, 'boss', { email: `new-${email}` });
    expect(await addresses(user)).toMatchObject({ email: { status: 'active' } });
    await relay.ask(`PATCH /v1/users/${user}`, 'boss', { email });
    expect(await addresses(user)).toMatchObject({ email: { status } });
  },
);

test('replies from before the hub is open wait for it, in their order', async () => {
  const replies = new HubReplies();
  const said: string[] = [];
  const reply = (wants: PersonReply['wants']): PersonReply => ({
    ...{ app: 'default', platform: 'sms', from: '+4915112345678', wants, at: 1 },
  });
  replies.add(reply('stop'));
  replies.add(reply('start'));
  replies.listen(async ({ wants }) => void said.push(wants));
  await eventually(() => expect(said).toEqual(['stop', 'start']));
  replies.close();
  replies.add(reply('stop'));
  await Promise.resolve();
  expect(said).toEqual(['stop', 'start']);
});
