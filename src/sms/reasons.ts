import type { PostAnswer } from '../carrier/http-post.ts';
import { faultWord, postingWords } from '../carrier/posting-words.ts';
import { AGAIN, failure, type Reason, type ReasonTable, reasonIn } from '../carrier/reasons.ts';
import type { StreamFault } from '../http2/http2-pool.ts';
import { jsonObjectIn } from '../kit/http/answer-form.ts';
import { retryAfterMs } from '../kit/retry-after.ts';
import type { Category, Failed, Outcome } from '../push/push.ts';

/**
 * Error codes of Twilio's Messages API (twilio.com/docs/api/errors), of the answer to a request and of a status callback, and
 * our own words in CamelCase. `sms.codes` lies over the categories: providers with the same API use codes of their own.
 */
export const smsReasons = {
  20003: { category: 'credential', advice: 'Check `sms.account_sid` and `sms.auth_token`, or the API key.' },
  20404: { category: 'credential', advice: 'Check `sms.account_sid`: there is no such account.' },
  20429: { category: 'unavailable', advice: 'Too many requests at once.', again: AGAIN },
  20500: { category: 'unavailable', advice: 'An error inside the provider.', again: AGAIN },
  20503: { category: 'unavailable', advice: 'The provider is overloaded.', again: AGAIN },
  21211: { category: 'invalid_token', advice: 'There is no such number: delete it.' },
  21212: { category: 'invalid_request', advice: 'Correct `sms.from`: it is not a valid sender.' },
  21217: { category: 'invalid_token', advice: 'There is no such number: delete it.' },
  21265: { category: 'invalid_request', advice: 'A short code cannot be a receiver: correct the number.' },
  21408: { category: 'invalid_request', advice: "Permit messages to this country in the provider's console." },
  21602: { category: 'invalid_request', advice: 'Give the notification a text.' },
  21606: { category: 'invalid_request', advice: '`sms.from` is not a number of the account that can send SMS.' },
  21608: { category: 'invalid_request', advice: 'A trial account sends to verified numbers only: upgrade it.' },
  21609: {
    category: 'invalid_request',
    advice: 'Correct `hub.public_url`: the provider refuses the callback address.',
  },
  21610: {
    category: 'invalid_request',
    advice: 'The person has replied STOP to this sender: send nothing until a START.',
  },
  21611: { category: 'unavailable', advice: "The sender's queue is full.", again: AGAIN },
  21612: { category: 'invalid_request', advice: '`sms.from` cannot reach this number: use another sender.' },
  21614: { category: 'invalid_token', advice: 'The number is not a mobile one: delete it.' },
  21617: { category: 'invalid_request', advice: 'Shorten the text to 1,600 characters.' },
  21635: { category: 'invalid_token', advice: 'The number is a landline: delete it.' },
  21703: { category: 'invalid_request', advice: 'The messaging service has no sender: add one.' },
  30001: { category: 'unavailable', advice: "The sender's queue is full: lower `sms.rate_limit`." },
  30002: { category: 'credential', advice: 'The account is suspended: talk to the provider.' },
  30003: { category: 'unavailable', advice: 'The phone is off or out of reach: send again later.' },
  30004: { category: 'invalid_request', advice: 'The receiver or its carrier blocks the message.' },
  30005: { category: 'invalid_token', advice: 'The number is unknown to its carrier: delete it.' },
  30006: { category: 'invalid_token', advice: 'The number is a landline, or its carrier takes no SMS: delete it.' },
  30007: { category: 'invalid_request', advice: 'The carrier filtered the message: check its text and the sender.' },
  30008: { category: 'unavailable', advice: 'The carrier gives no reason: send again once.' },
  30034: { category: 'invalid_request', advice: "Register the sender for the receiver's country (US: A2P 10DLC)." },
  ...postingWords('the SMS provider', 'sms.endpoint'),
  InvalidNumber: { category: 'invalid_token', advice: 'Give the number with its country code: `+4915112345678`.' },
  MissingText: { category: 'invalid_request', advice: 'Give `title`, `message` or `sms.text`.' },
} as const satisfies ReasonTable;

/** For a code that is not in the table: an unknown refusal is final, and says nothing about the number. */
export function unknownReason(status: number): Reason {
  if (status === 429 || status >= 500)
    return { category: 'unavailable', advice: 'The provider could not take it at the moment.', again: AGAIN };
  if (status === 401 || status === 403) return smsReasons[20003];
  return { category: 'invalid_request', advice: 'Not known to this version: see the error text.' };
}

/** Categories by code that lie over the table, from `sms.codes`. */
export type SmsCodes = ReadonlyMap<string, Category>;

/** Categories that `sms.codes` may give. */
export const CODE_CATEGORIES = ['invalid_token', 'invalid_request', 'credential', 'unavailable'] as const;

/** A failure of ours: its category is in the table. */
export const smsFailure = (reason: keyof typeof smsReasons & string, error: string): Failed =>
  failure(smsReasons, reason, error);

/** What a code means. @param status of the answer; of a callback 200 */
export const categoryOf = (code: string, status: number, codes: SmsCodes): Category =>
  codes.get(code) ?? reasonIn(smsReasons, code)?.category ?? unknownReason(status).category;

interface Answer {
  readonly sid?: unknown;
  readonly code?: unknown;
  readonly error_code?: unknown;
}

const answerIn = (body: Buffer): Answer | undefined => jsonObjectIn(body);

/** A code is a number of five digits; other texts could hold anything. */
const codeOf = (value: unknown): string =>
  (typeof value === 'number' || typeof value === 'string') && /^\d{1,6}$/.test(String(value)) ? String(value) : '';

/** Message ids: 34 characters at Twilio, others have their own. */
export const isMessageSid = (value: unknown): value is string =>
  typeof value === 'string' && /^[\w-]{8,64}$/.test(value);

/** The meaning of an answer. @param now UNIX ms, from which a Retry-After date is measured */
export function smsOutcome({ status, headers, body }: PostAnswer, codes: SmsCodes, now = Date.now): Outcome {
  const answer = answerIn(body);
  const sid = isMessageSid(answer?.sid) ? answer.sid : undefined;
  if (status >= 200 && status < 300) return accepted(sid, answer);
  const code = codeOf(answer?.code);
  if (answer === undefined && status < 500 && status !== 429) return invalidAnswer(status);
  const category = code === '' ? unknownReason(status).category : categoryOf(code, status, codes);
  const later = category === 'unavailable' ? retryAfterMs(headers['retry-after'], now) : undefined;
  return {
    kind: 'failed',
    category,
    reason: code || `Status${status}`,
    // The provider's text repeats the number.
    error: `${code || `status ${status}`}: ${adviceAbout(code) ?? 'refused by the SMS provider'}`,
    status,
    ...(later === undefined ? {} : { retryAfterMs: later }),
  };
}

const adviceAbout = (code: string): string | undefined => reasonIn(smsReasons, code)?.advice;

/** Without an id no status callback can be matched, so an answer without one is not the provider's. */
const accepted = (sid: string | undefined, answer: Answer | undefined): Outcome =>
  sid === undefined || answer === undefined ? invalidAnswer(200, 'unanswered') : { kind: 'accepted', providerId: sid };

function invalidAnswer(status: number, category: Category = 'unavailable'): Failed {
  const error = `unexpected answer of the SMS provider with status ${status}`;
  return { ...smsFailure('InvalidAnswer', error), category, status };
}

/** What a request without an answer means. There is no idempotency key: a repeat may be a second message. */
export const smsFault = (fault: StreamFault): Failed => smsFailure(faultWord(fault), fault.message || fault.code);
