import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { email } from '../../src/email/provider.ts';
import { providerTable } from '../../src/providers/registry.ts';
import { type Sandbox, startSandbox } from '../../src/providers/start-sandbox.ts';
import { mailTransport, outcomesOf } from './mail-transport.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ providers: providerTable([email]) });
});
afterAll(() => sandbox.close());

const transport = (section: object = {}, more: object = {}) =>
  mailTransport({ ...sandbox.providers.get('email')?.settings, ...section }, { ca: sandbox.ca, ...more });

test('a mail arrives as it was meant', async () => {
  await using sender = transport();
  const fields = {
    title: 'Grüße',
    message: 'one\n.\n..two',
    thread_id: 't',
    email: { headers: { 'X-Order': '17' } },
  };
  const [outcome] = await outcomesOf(sender, ['ada@example.com'], fields);
  expect(outcome).toMatchObject({ kind: 'accepted', providerId: expect.stringMatching(/^<\S+@sandbox\.example>$/) });
  const mail = String(sandbox.deliveries().at(-1)?.payload);
  for (const line of [
    'From: Martlet <relay@sandbox.example>',
    'To: ada@example.com',
    'Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=',
    'X-Order: 17',
    'Auto-Submitted: auto-generated',
    'X-Auto-Response-Suppress: All',
    `Message-ID: ${outcome?.kind === 'accepted' && outcome.providerId}`,
  ])
    expect(mail).toContain(`${line}\r\n`);
  expect(mail).toMatch(/In-Reply-To: <thread\.\S+>\r\nReferences: <thread\.\S+>\r\n/);
  expect(mail).toContain('\r\none\r\n.\r\n..two');
});

test('a mail that may come back is remembered for six days, and otherwise not at all', async () => {
  await using sender = transport({}, { bounces: true, now: () => 1000 });
  const [outcome] = await outcomesOf(sender, ['ada@example.com'], { message: 'hi' });
  expect(outcome).toMatchObject({ kind: 'accepted', receipt: { until: 1000 + 6 * 24 * 3_600_000 } });
  await using other = transport();
  expect((await outcomesOf(other, ['ada@example.com'], { message: 'hi' }))[0]).not.toHaveProperty('receipt');
});

test('each receiver gets a mail of its own, and sees no other', async () => {
  await using sender = transport();
  const before = sandbox.delivered();
  await outcomesOf(sender, ['ada@example.com', 'bob@example.com'], { message: 'hi' });
  const mails = sandbox
    .deliveries()
    .slice(-2)
    .map(({ payload }) => String(payload));
  expect(sandbox.delivered()).toBe(before + 2);
  expect(mails.filter((mail) => mail.includes('ada@') && mail.includes('bob@'))).toEqual([]);
});

describe('an address that fails on purpose', () => {
  test.each([
    ['unregistered', 'invalid_token', '5.1.1'],
    ['expired', 'invalid_request', '5.2.1'],
    ['bad-token', 'invalid_token', '5.1.3'],
    ['wrong-topic', 'credential', '5.7.1'],
    ['busy', 'unavailable', '4.7.1'],
    ['down', 'unavailable', '4.3.2'],
    ['stale-credential', 'unavailable', '4.7.0'],
    ['bad-credential', 'credential', '5.7.0'],
    ['reset', 'not_sent', 'ConnectionFailed'],
    ['goaway', 'unavailable', '4.3.2'],
    ['cut', 'unanswered', 'ConnectionLost'],
  ])('sandbox-%s', async (fate, category, reason) => {
    await using sender = transport({ connections: 1 });
    expect(await outcomesOf(sender, [`sandbox-${fate}@example.com`], { message: 'hi' })).toMatchObject([
      { kind: 'failed', category, reason },
    ]);
    expect(await outcomesOf(sender, ['ada@example.com'], { message: 'afterwards' })).toMatchObject([
      { kind: 'accepted' },
    ]);
  });

  test('is not seen where a fresh connection helps: nothing of the mail had gone out', async () => {
    await using sender = transport({ connections: 1 });
    for (const target of ['ada@example.com', 'sandbox-goaway-2@example.com', 'sandbox-reset-2@example.com'])
      expect(await outcomesOf(sender, [target], { message: 'hi' })).toMatchObject([{ kind: 'accepted' }]);
  });

  test('sandbox-silent, for as long as a mail may take', async () => {
    await using sender = transport({ request_timeout: 0.2 });
    expect(await outcomesOf(sender, ['sandbox-silent@example.com'], { message: 'hi' })).toMatchObject([
      { category: 'unanswered', reason: 'Timeout' },
    ]);
  });
});

test('a repeat after a cut has the same Message-ID', async () => {
  await using sender = transport();
  const fields = { notif_id: 'once', message: 'hi' };
  const [first] = await outcomesOf(sender, ['sandbox-cut-1@example.com'], fields);
  const [second] = await outcomesOf(sender, ['sandbox-cut-1@example.com'], fields);
  expect(first).toMatchObject({ category: 'unanswered' });
  expect(second).toMatchObject({ kind: 'accepted', providerId: expect.stringMatching(/^<once\./) });
});

test('closing settles what is under way and what waits', async () => {
  await using sender = transport({ connections: 1 });
  const outcomes = outcomesOf(sender, ['sandbox-silent@example.com', 'ada@example.com'], { message: 'hi' });
  await expect.poll(() => sender.status().sessions).toBe(1);
  await sender.close();
  const [silent, waiting] = await outcomes;
  expect(['NotSent', 'Timeout', 'ConnectionLost']).toContain(silent?.kind === 'failed' && silent.reason);
  expect(waiting).toMatchObject({ category: 'not_sent', reason: 'NotSent' });
});

describe('a credential', () => {
  test('is tried without a mail', async () => {
    await using good = transport();
    await using wrong = transport({ password: 'wrong' });
    await using nowhere = transport({ port: 1 });
    expect(await good.tryCredential()).toEqual({ kind: 'good' });
    expect(await wrong.tryCredential()).toMatchObject({ kind: 'refused', reason: '5.7.8' });
    expect(await nowhere.tryCredential()).toMatchObject({ kind: 'unknown', reason: 'ConnectionFailed' });
  });

  test('that is wrong stops the lane', async () => {
    await using sender = transport({ password: 'wrong' });
    expect(await outcomesOf(sender, ['ada@example.com'], { message: 'hi' })).toMatchObject([
      { category: 'credential', reason: '5.7.8', stopsLane: true },
    ]);
    expect(sender.status().status).toBe('fail');
  });
});

test('an app of a stranger reaches no private address', async () => {
  await using sender = transport({}, { reach: 'public' });
  expect(await outcomesOf(sender, ['ada@example.com'], { message: 'hi' })).toMatchObject([
    { category: 'credential', reason: 'PrivateAddress' },
  ]);
});
