import type { PostAnswer } from '../carrier/http-post.ts';
import { faultWord, postingWords } from '../carrier/posting-words.ts';
import { AGAIN, failure, type Reason, type ReasonTable, reasonIn, SENT_AGAIN } from '../carrier/reasons.ts';
import type { StreamFault } from '../http2/http2-pool.ts';
import { jsonObjectIn } from '../kit/http/answer-form.ts';
import { retryAfterMs } from '../kit/retry-after.ts';
import type { Failed, Outcome } from '../push/push.ts';

const FIX = 'Correct the field that the error names.';

/** Codes of ntfy's errors (server/errors.go), and our own words in CamelCase. */
export const ntfyReasons = {
  40002: { category: 'invalid_request', advice: 'A delayed message cannot go without the cache: remove `cache`.' },
  40004: { category: 'invalid_request', advice: 'Correct `ntfy.delay`.' },
  40005: { category: 'invalid_request', advice: 'Give `ntfy.delay` at least 10 seconds.' },
  40006: { category: 'invalid_request', advice: 'Give `ntfy.delay` at most 3 days.' },
  40007: { category: 'invalid_request', advice: 'Give `ntfy.priority` from 1 to 5.' },
  40009: { category: 'invalid_request', advice: 'Correct the topic.' },
  40010: { category: 'invalid_request', advice: 'Choose another topic: this name is reserved by the server.' },
  40013: { category: 'invalid_request', advice: 'Correct the URL in `ntfy.attach`.' },
  40014: { category: 'invalid_request', advice: 'The server takes no attachments: remove `ntfy.attach`.' },
  40017: { category: 'invalid_request', advice: FIX },
  40018: {
    category: 'invalid_request',
    advice: 'Correct `actions`: at most three, each with a label and what it does.',
  },
  40021: { category: 'invalid_request', advice: 'Correct the URL in `ntfy.icon`.' },
  40024: { category: 'invalid_request', advice: FIX },
  40101: { category: 'credential', advice: 'Check `ntfy.token`, or `ntfy.username` and `ntfy.password`.' },
  40301: { category: 'credential', advice: 'Permit the user of `ntfy.token` to write to this topic on the server.' },
  40401: { category: 'invalid_request', advice: 'Check `ntfy.endpoint`: there is no ntfy at this path.' },
  41301: { category: 'invalid_request', advice: 'Make the attachment smaller.' },
  41303: { category: 'invalid_request', advice: 'Shorten the notification.' },
  42901: {
    category: 'unavailable',
    advice: 'The server limits requests: lower `ntfy.rate_limit`, or raise its limit.',
  },
  42905: { category: 'unavailable', advice: "The day's bandwidth is used up.", again: AGAIN },
  42908: {
    category: 'unavailable',
    advice: "The day's messages are used up.",
    again: 'It is sent again after midnight UTC.',
  },
  42909: { category: 'unavailable', advice: 'Too many failed sign-ins: check `ntfy.token`.', again: SENT_AGAIN },
  50001: { category: 'unavailable', advice: 'An error inside the server.', again: AGAIN },
  50701: {
    category: 'unavailable',
    advice: 'No phone is subscribed at the moment.',
    again: 'It is sent again for a day.',
  },
  ...postingWords('the ntfy server', 'ntfy.endpoint'),
  InvalidTopic: {
    category: 'invalid_request',
    advice: 'Give the topic, 1 to 64 of `A-Z a-z 0-9 _ -`, or its URL on `ntfy.endpoint`.',
  },
  PayloadTooLarge: {
    category: 'invalid_request',
    advice: 'Shorten the text to 4,096 bytes: ntfy would make it an attachment.',
  },
} as const satisfies ReasonTable;

/** For a code that is not in the table: what the HTTP status means by itself. No answer of ntfy says that a topic is dead. */
export function unknownReason(status: number): Reason {
  if (status === 429 || status >= 500)
    return { category: 'unavailable', advice: 'The server could not take it at the moment.', again: AGAIN };
  if (status === 401 || status === 403) return ntfyReasons[40101];
  return { category: 'invalid_request', advice: 'Not known to this version: see the error text.' };
}

/** A failure of ours: its category is in the table. */
export const ntfyFailure = (reason: keyof typeof ntfyReasons & string, error: string): Failed =>
  failure(ntfyReasons, reason, error);

/** What a request without an answer means. */
export const ntfyFault = (fault: StreamFault): Failed => ntfyFailure(faultWord(fault), fault.message || fault.code);

/** The answer to a message, as far as it is read. */
export interface NtfyAnswer {
  readonly id?: unknown;
  readonly sequence_id?: unknown;
  readonly code?: unknown;
  readonly error?: unknown;
}

/** The JSON object of an answer; undefined for anything else. */
export const answerIn = (body: Buffer): NtfyAnswer | undefined => jsonObjectIn(body);

const DAY_MS = 86_400_000;
/** Milliseconds: the server's burst refills by one request in 5 s. */
const BURST_MS = 5000;
const MOST_JITTER_MS = 300_000;

/** How long the server wants us to wait, where its code says so: it sends no Retry-After, a proxy before it may. */
function pauseMs(code: string, headers: PostAnswer['headers'], now: () => number, random: () => number) {
  if (code === '42901') return BURST_MS;
  // Quotas reset at midnight UTC; retries are spread.
  if (code === '42908') return DAY_MS - (now() % DAY_MS) + Math.floor(random() * MOST_JITTER_MS);
  return retryAfterMs(headers['retry-after'], now);
}

/** Milliseconds and a number from 0 to 1, for tests. */
export interface NtfyChance {
  readonly now: () => number;
  readonly random: () => number;
}

/** The meaning of an answer. */
export function ntfyOutcome({ status, headers, body }: PostAnswer, { now, random }: NtfyChance): Outcome {
  const answer = answerIn(body);
  if (status >= 200 && status < 300) {
    if (typeof answer?.id === 'string' && answer.id !== '')
      return { kind: 'accepted', providerId: answer.id.slice(0, 64) };
    return { ...ntfyFailure('InvalidAnswer', `unexpected answer with status ${status}`), status };
  }
  const code = typeof answer?.code === 'number' && Number.isInteger(answer.code) ? String(answer.code) : '';
  const isTheirs = code !== '' || status === 429 || status >= 500;
  if (!isTheirs) return { ...ntfyFailure('InvalidAnswer', `unexpected answer with status ${status}`), status };
  const { category } = reasonIn(ntfyReasons, code) ?? unknownReason(status);
  const pause = category === 'unavailable' ? pauseMs(code, headers, now, random) : undefined;
  return {
    kind: 'failed',
    category,
    reason: code || `Status${status}`,
    // The server's texts are constants; they name no topic.
    error: code && typeof answer?.error === 'string' ? `${code}: ${answer.error.slice(0, 200)}` : `status ${status}`,
    status,
    ...(pause === undefined ? {} : { retryAfterMs: pause }),
  };
}
