import type { PostAnswer } from '../carrier/http-post.ts';
import {
  type PostingOptions,
  type PostingProtocol,
  PostingTransport,
  type TargetRequest,
} from '../carrier/posting-transport.ts';
import { toMs } from '../kit/seconds.ts';
import type { Delivery, Failed, Outcome } from '../push/push.ts';
import { phoneNumber } from './number.ts';
import { type SmsSender, smsForm, smsText, validityOf } from './payload.ts';
import { type SmsCodes, smsFailure, smsFault, smsOutcome } from './reasons.ts';

export interface SmsTransportOptions extends PostingOptions {
  readonly endpoint: string;
  readonly accountSid: string;
  readonly login: { readonly user: string; readonly password: string };
  readonly sender: SmsSender;
  readonly maxSegments: number;
  /** Seconds. */
  readonly validity: number;
  readonly codes: SmsCodes;
  /** Where states are reported; absent: nowhere. */
  readonly statusCallback?: string | undefined;
}

const INVALID_NUMBER = smsFailure('InvalidNumber', 'not a telephone number with its country code');
const MISSING_TEXT = smsFailure('MissingText', 'the notification has no text');
/** How long after the end of a message's validity its last state may be reported. */
const LAST_REPORTS_MS = 86_400_000;
const CLOSED = smsFailure('NotSent', 'the transport is closed');

/** Messages of one account. There is no request for several numbers, and no idempotency key. */
class SmsProtocol implements PostingProtocol {
  readonly closed = CLOSED;
  readonly fault = smsFault;
  readonly #options: SmsTransportOptions;
  readonly #path: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #now: () => number;
  /** The text of the notification that was looked at last: its targets come one after another. */
  #last: { readonly of: Delivery['notification']; readonly text: string } | undefined;

  constructor(options: SmsTransportOptions) {
    const { login, accountSid } = options;
    this.#options = options;
    this.#path = `/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Messages.json`;
    this.#headers = {
      authorization: `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    };
    this.#now = options.now ?? Date.now;
  }

  request(target: string, { notification }: Delivery): TargetRequest | { readonly failed: Failed } {
    const to = phoneNumber(target);
    if (to === undefined) return { failed: INVALID_NUMBER };
    const { endpoint, sender, maxSegments, validity, statusCallback } = this.#options;
    if (this.#last?.of !== notification) this.#last = { of: notification, text: smsText(notification, maxSegments) };
    const { text } = this.#last;
    if (text === '') return { failed: MISSING_TEXT };
    const seconds = validityOf(notification, validity, this.#now());
    return {
      origin: endpoint,
      path: this.#path,
      headers: this.#headers,
      body: smsForm({ to, text, sender, validity: seconds, statusCallback }),
    };
  }

  outcome(_target: string, answer: PostAnswer): Outcome {
    const { codes, statusCallback, validity } = this.#options;
    const outcome = smsOutcome(answer, codes, this.#now);
    if (outcome.kind === 'failed' || statusCallback === undefined) return outcome;
    return { ...outcome, receipt: { until: this.#now() + toMs(validity) + LAST_REPORTS_MS } };
  }
}

export const createSmsTransport = (options: SmsTransportOptions): PostingTransport =>
  new PostingTransport(new SmsProtocol(options), options);
