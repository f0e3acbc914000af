import { describe, expect, test } from 'vitest';
import type { ReceiptVerdict } from '../../src/carrier/late-outcomes.ts';
import { NO_LATE_OUTCOMES } from '../../src/carrier/late-outcomes.ts';
import type { CallbackRequest } from '../../src/carrier/provider-row.ts';
import type { PersonReply } from '../../src/push/push.ts';
import { answerCallback, signatureOf, verdictOf } from '../../src/sms/callback.ts';
import type { SmsSection } from '../../src/sms/section.ts';

const PUBLIC = 'https://push.example.com/relay';
const SECRET = '12345';

/** Calls that reach the store, and the answer. */
function call(
  form: Record<string, string>,
  options: { name?: string; signature?: string; secret?: string; publicUrl?: string | undefined } = {},
) {
  const { name = 'status', secret = SECRET } = options;
  const publicUrl = 'publicUrl' in options ? options.publicUrl : PUBLIC;
  const url = `/v1/callbacks/sms/acme/${name}`;
  const fields = new URLSearchParams(form);
  const request: CallbackRequest<SmsSection> = {
    app: 'acme',
    name,
    section: { auth_token: secret } as SmsSection,
    url,
    headers: { 'x-twilio-signature': options.signature ?? signatureOf(SECRET, PUBLIC + url, fields) },
    body: Buffer.from(fields.toString()),
  };
  const reports: [string, ReceiptVerdict][] = [];
  const late = {
    ...NO_LATE_OUTCOMES,
    report: (_: string, id: string, verdict: ReceiptVerdict) => void reports.push([id, verdict]),
  };
  const replies: PersonReply[] = [];
  const replied = (reply: PersonReply): void => void replies.push(reply);
  const context = { late, replied, codes: new Map(), publicUrl, now: () => 1000 };
  return { answer: answerCallback(request, context), reports, replies };
}

const SID = 'SM0123456789abcdef0123456789abcdef';

test('a signature is over the address and the fields sorted by name', () => {
  // The example that Twilio's libraries are tested with.
  const form = new URLSearchParams({
    CallSid: 'CA1234567890ABCDE',
    Digits: '1234',
    From: '+14158675309',
    To: '+18005551212',
    Caller: '+14158675309',
  });
  expect(signatureOf('12345', 'https://mycompany.com/myapp.php?foo=1&bar=2', form)).toBe(
    'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
  );
});

describe('a status callback', () => {
  test('of a delivered message is reported', () => {
    const { answer, reports } = call({ MessageSid: SID, MessageStatus: 'delivered' });
    expect(answer).toEqual({ status: 204 });
    expect(reports).toEqual([[SID, { kind: 'delivered' }]]);
  });

  test('of a dead number says so', () => {
    const { reports } = call({ MessageSid: SID, MessageStatus: 'undelivered', ErrorCode: '30005' });
    expect(reports).toMatchObject([[SID, { kind: 'failed', category: 'invalid_token', reason: '30005' }]]);
  });

  test.each([
    ['with a forged signature', { signature: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }],
    ['with a signature of another length', { signature: 'x' }],
    ['where no secret is configured', { secret: '' }],
    ['where our own address is not configured', { publicUrl: undefined }],
  ])('%s changes nothing', (_, options) => {
    const { answer, reports } = call({ MessageSid: SID, MessageStatus: 'delivered' }, options);
    expect(answer).toEqual({ status: 403 });
    expect(reports).toEqual([]);
  });

  test.each([['gone'], [''], ['constructor']])('with the unknown state "%s" is taken and ignored', (state) => {
    const { answer, reports } = call({ MessageSid: SID, MessageStatus: state });
    expect(answer).toEqual({ status: 204 });
    expect(reports).toEqual([]);
  });

  test('with an id of another form is taken and ignored', () => {
    expect(call({ MessageSid: '../x', MessageStatus: 'delivered' }).reports).toEqual([]);
  });
});

test('a reply of a person gets an empty answer, and other paths are not there', () => {
  expect(call({ Body: 'Thanks', From: '+4915112345678' }, { name: 'inbound' })).toMatchObject({
    answer: { status: 200, body: '<Response/>' },
    replies: [],
  });
  expect(call({}, { name: 'other' }).answer).toBeUndefined();
});

test.each([
  ['STOP', 'stop'],
  [' stop\n', 'stop'],
  ['Unsubscribe', 'stop'],
  ['START', 'start'],
  ['unstop', 'start'],
])('a reply of %j says that', (Body, wants) => {
  const from = '+4915112345678';
  expect(call({ Body, From: from }, { name: 'inbound' }).replies).toEqual([
    { app: 'acme', platform: 'sms', from, wants, at: 1000 },
  ]);
});

test.each<[string, Record<string, string>, object]>([
  ['more than the word', { Body: 'stop it', From: '+4915112345678' }, {}],
  ['no number', { Body: 'STOP', From: 'whatsapp' }, {}],
  ['no sender', { Body: 'STOP' }, {}],
  ['a forged signature', { Body: 'STOP', From: '+4915112345678' }, { signature: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }],
])('a reply with %s changes nothing', (_, form, options) => {
  expect(call(form, { name: 'inbound', ...options }).replies).toEqual([]);
});

test('what the provider has made of a reply counts before its words', () => {
  const form = { Body: 'Arrêt', OptOutType: 'STOP', From: '+4915112345678' };
  expect(call(form, { name: 'inbound' }).replies).toMatchObject([{ wants: 'stop' }]);
});

test('states on the way are no verdict that ends anything', () => {
  const codes = new Map();
  expect(['queued', 'accepted', 'scheduled', 'sending', 'sent'].map((state) => verdictOf(state, '', codes))).toEqual(
    Array(5).fill({ kind: 'sent' }),
  );
  expect(verdictOf('failed', 'not a code', codes)).toMatchObject({ reason: 'failed', category: 'invalid_request' });
});
