/**
 * Requests of the provider to us: states of messages, and what people reply. Each is signed with `sms.auth_token`; nothing of an
 * unsigned one is read.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { LateOutcomes, ReceiptVerdict } from '../carrier/late-outcomes.ts';
import type { CallbackAnswer, CallbackRequest } from '../carrier/provider-row.ts';
import { reasonIn } from '../carrier/reasons.ts';
import type { PersonReply } from '../push/push.ts';
import { phoneNumber } from './number.ts';
import { categoryOf, isMessageSid, type SmsCodes, smsReasons } from './reasons.ts';
import { wantsOf } from './reply.ts';
import type { SmsSection } from './section.ts';

/**
 * `X-Twilio-Signature`: HMAC-SHA1 over the address as the provider has it, followed by each field of the form, sorted by name,
 * as name and value (twilio.com/docs/usage/security).
 */
export function signatureOf(secret: string, address: string, form: URLSearchParams): string {
  const fields = [...new Set([...form].map(([name, value]) => `${name}\u0000${value}`))].toSorted();
  const signed = fields.map((field) => field.replace('\u0000', '')).join('');
  return createHmac('sha1', secret).update(address).update(signed).digest('base64');
}

function isSigned(header: unknown, expected: string): boolean {
  if (typeof header !== 'string') return false;
  const given = Buffer.from(header);
  const wanted = Buffer.from(expected);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** States on the way, in the order that they come; `delivered`, `failed` and the like are final. */
const ON_THE_WAY = new Set(['queued', 'accepted', 'scheduled', 'sending', 'sent', 'receiving', 'received']);
const ARRIVED = new Set(['delivered', 'read', 'partially_delivered']);

/** What a state says; undefined for words that are not known. */
export function verdictOf(status: string, code: string, codes: SmsCodes): ReceiptVerdict | undefined {
  if (ON_THE_WAY.has(status)) return { kind: 'sent' };
  if (ARRIVED.has(status)) return { kind: 'delivered' };
  if (status !== 'undelivered' && status !== 'failed' && status !== 'canceled') return undefined;
  const known = /^\d{1,6}$/.test(code) ? code : '';
  return {
    kind: 'failed',
    // The provider has given the message up: what is worth a later notification is not worth a repeat of this one.
    category: known === '' ? 'invalid_request' : categoryOf(known, 200, codes),
    reason: known || status,
    error: `${known || status}: ${reasonIn(smsReasons, known)?.advice ?? 'the message was not delivered'}`,
  };
}

export interface CallbackContext {
  readonly late: LateOutcomes;
  readonly replied?: ((reply: PersonReply) => void) | undefined;
  readonly codes: SmsCodes;
  /** `hub.public_url`; the signature is over addresses that begin with it. */
  readonly publicUrl: string | undefined;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

const OK: CallbackAnswer = { status: 204 };
/** An empty answer to a person's message: nothing is replied. */
const NO_REPLY: CallbackAnswer = { status: 200, type: 'text/xml', body: '<Response/>' };

/** Answers `status` and `inbound`; undefined: there is no such callback. */
export function answerCallback(
  request: CallbackRequest<SmsSection>,
  { late, replied, codes, publicUrl, now = Date.now }: CallbackContext,
): CallbackAnswer | undefined {
  if (request.name !== 'status' && request.name !== 'inbound') return undefined;
  const form = new URLSearchParams(request.body.toString());
  const secret = request.section.auth_token;
  if (publicUrl === undefined || secret === '') return { status: 403 };
  const expected = signatureOf(secret, publicUrl + request.url, form);
  if (!isSigned(request.headers['x-twilio-signature'], expected)) return { status: 403 };
  if (request.name === 'inbound') {
    const wants = wantsOf(form);
    const from = phoneNumber(form.get('From') ?? '');
    if (wants && from !== undefined) replied?.({ app: request.app, platform: 'sms', from, wants, at: now() });
    return NO_REPLY;
  }
  const sid = form.get('MessageSid') ?? form.get('SmsSid');
  const verdict = verdictOf(
    form.get('MessageStatus') ?? form.get('SmsStatus') ?? '',
    form.get('ErrorCode') ?? '',
    codes,
  );
  if (isMessageSid(sid) && verdict !== undefined) late.report(request.app, sid, verdict);
  return OK;
}
