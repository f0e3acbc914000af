import { STATUS_CODES } from 'node:http';
import { faultWord, postingWords } from '../carrier/posting-words.ts';
import {
  AGAIN,
  certificateRefused,
  failure,
  type Reason,
  type ReasonTable,
  reasonIn,
  SENT_AGAIN,
} from '../carrier/reasons.ts';
import type { ResponseHeaders, StreamFault } from '../http2/http2-pool.ts';
import { jsonObjectIn, saysLater } from '../kit/http/answer-form.ts';
import { retryAfterMs } from '../kit/retry-after.ts';
import { ACCEPTED, type Category, type Delivery, type Failed, type Outcome } from '../push/push.ts';

/**
 * HMS's result codes (Huawei: "Push Kit, REST API, sending messages, result codes") except 80000000, success, and ours, in
 * CamelCase.
 */
export const hmsReasons = {
  80100000: { category: 'invalid_token', advice: 'HMS names these tokens as not valid: delete them.' },
  80100001: { category: 'invalid_request', advice: 'Correct the parameter that the error names.' },
  80100002: { category: 'invalid_request', advice: 'A system message goes to exactly one token.' },
  80100003: { category: 'invalid_request', advice: 'Correct the structure of `huawei_notification`.' },
  80100004: { category: 'invalid_request', advice: 'Give `huawei_ttl` in seconds, more than 0.' },
  80100013: { category: 'invalid_request', advice: 'Give `huawei_collapse_key` between -1 and 100.' },
  80100016: { category: 'invalid_request', advice: 'HMS finds the content sensitive: change the text.' },
  80100017: { category: 'unavailable', advice: 'Too many topic pushes run at once.', again: AGAIN },
  80100018: {
    category: 'invalid_request',
    advice: 'The message differs from the one that was reviewed: send that one.',
  },
  80200001: {
    category: 'stale_credential',
    advice:
      'The access token was refused and is renewed; if this goes on, check `huawei.appid` and `huawei.appsecret`.',
  },
  80200003: {
    category: 'stale_credential',
    advice: 'The access token expired early.',
    again: 'Nothing to do: it is renewed.',
  },
  80200005: {
    category: 'stale_credential',
    advice: 'The access token expired early.',
    again: 'Nothing to do: it is renewed.',
  },
  80300002: {
    category: 'invalid_request',
    advice: 'Enable Push Kit for the app, and check that app id and tokens belong to the same app.',
  },
  80300007: {
    category: 'invalid_token',
    advice: 'Delete the tokens; when good ones fail so, check that they belong to the app of `huawei.appid`.',
  },
  80300008: { category: 'invalid_request', advice: 'Shorten the message to 4,096 bytes, tokens not counted.' },
  80300010: { category: 'invalid_request', advice: 'HMS found no token, or too many: check the message.' },
  80300011: { category: 'invalid_request', advice: 'Ask Huawei for the right to send high-priority messages.' },
  80300013: { category: 'invalid_request', advice: 'Correct the receipt address in AppGallery Connect.' },
  80600003: {
    category: 'unavailable',
    advice: "Huawei's sign-in failed on its side.",
    again: AGAIN,
  },
  81000001: { category: 'unavailable', advice: 'An error inside HMS.', again: AGAIN },
  InvalidMessage: { category: 'invalid_request', advice: 'Correct the field that the error names.' },
  PayloadTooLarge: {
    category: 'invalid_request',
    advice: 'Shorten the message: HMS takes 4,096 bytes, tokens not counted.',
  },
  MissingTarget: { category: 'invalid_token', advice: 'Do not send empty tokens: delete them.' },
  ...postingWords('HMS', 'huawei.endpoint'),
  SignInRefused: { category: 'credential', advice: 'Check `huawei.appid` and `huawei.appsecret`.' },
  SignInUnavailable: {
    category: 'not_sent',
    advice: 'No access token could be had: check the way to `huawei.auth_endpoint`.',
    again: SENT_AGAIN,
  },
} as const satisfies ReasonTable;

/** For a code that is not in the table: what the HTTP status means by itself. */
export function unknownReason(status: number): Reason {
  if (status === 401) return hmsReasons[80200001];
  if (saysLater(status))
    return { category: 'unavailable', advice: 'HMS could not take it at the moment.', again: AGAIN };
  return { category: 'invalid_request', advice: 'Not known to this version: see the error text.' };
}

/** A failure of ours: its category is in the table. */
export const hmsFailure = (reason: keyof typeof hmsReasons & string, error: string): Failed =>
  failure(hmsReasons, reason, error);

const SUCCESS = '80000000';
const PARTIAL = '80100000';

interface Answer {
  readonly code: string;
  readonly msg: unknown;
  readonly requestId: string;
}

/**
 * The meaning of HMS's answer, for each of the targets. The code counts, whatever the HTTP status; the status decides only when
 * there is no code, or an unknown one. `now` (UNIX ms) is what a Retry-After date is measured from.
 */
export function hmsOutcome(
  status: number,
  headers: ResponseHeaders,
  body: Buffer,
  to: Pick<Delivery, 'kind' | 'targets'>,
  now: () => number = Date.now,
): (target: string) => Outcome {
  const answer = readAnswer(body);
  const provider = answer.requestId ? { providerId: answer.requestId } : {};
  const accepted: Outcome = answer.requestId ? { kind: 'accepted', ...provider } : ACCEPTED;
  if (answer.code === SUCCESS) return () => accepted;
  const category = categoryOf(status, answer.code);
  const retryMs = category === 'unavailable' ? retryAfterMs(headers['retry-after'], now) : undefined;
  const failed: Failed = {
    kind: 'failed',
    category: to.kind === 'token' || category !== 'invalid_token' ? category : 'invalid_request',
    reason: answer.code || wordFor(status),
    error: errorText(status, answer, to),
    status,
    ...provider,
    ...(retryMs === undefined ? {} : { retryAfterMs: retryMs }),
  };
  if (answer.code !== PARTIAL) return () => failed;
  const illegal = illegalTokens(answer.msg);
  if (illegal) return (target) => (illegal.has(target) ? failed : accepted);
  // Some failed and it is unknown which: to resend would deliver twice, to call them dead would delete good ones.
  const unnamed: Failed = { ...failed, category: 'invalid_request' };
  return () => unnamed;
}

/** What a request without an answer means; the fault itself says whether HMS may have processed it. */
export function hmsFault(fault: StreamFault): Failed {
  return certificateRefused(fault) ?? hmsFailure(faultWord(fault), fault.message || fault.code);
}

function readAnswer(body: Buffer): Answer {
  const { code, msg, requestId } = jsonObjectIn(body) ?? {};
  return { code: wordOf(code), msg, requestId: wordOf(requestId) };
}

const LONGEST_WORD = 100;

/** HMS documents codes as strings; a number says the same. */
const wordOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, LONGEST_WORD) : '';

/** HMS's answers have a code, whatever their status. What has none was sent by something on the way. */
function categoryOf(status: number, code: string): Category {
  const known = reasonIn(hmsReasons, code);
  if (known) return known.category;
  return code === '' && !saysLater(status) ? hmsReasons.InvalidAnswer.category : unknownReason(status).category;
}

const wordFor = (status: number): string =>
  saysLater(status) ? (STATUS_CODES[status] ?? `Status${status}`).replaceAll(/\W/g, '') : 'InvalidAnswer';

/** The list in the text of an 80100000, which is itself JSON; undefined when it names no token. */
function illegalTokens(msg: unknown): ReadonlySet<string> | undefined {
  const value = typeof msg === 'string' ? jsonObjectIn(msg) : msg;
  if (typeof value !== 'object' || value === null) return undefined;
  const { illegal_tokens: list, failure } = value as { illegal_tokens?: unknown; failure?: unknown };
  if (failure === 0) return new Set();
  if (!Array.isArray(list) || list.length === 0) return undefined;
  return new Set(list.filter((token) => typeof token === 'string'));
}

const LONGEST_TEXT = 300;
/** Of an answer's text, what is searched for tokens: no token is longer than the rest of it. */
const SEARCHED_TEXT = 8192;

/** HMS's words, unless they repeat a device token. */
function errorText(
  status: number,
  { code, msg }: Answer,
  { kind, targets }: Pick<Delivery, 'kind' | 'targets'>,
): string {
  if (code === '') return `unexpected answer of HMS with status ${status}`;
  if (code === PARTIAL) return `${code}: the token is not valid`;
  const text = typeof msg === 'string' ? msg.slice(0, SEARCHED_TEXT) : '';
  const telling = kind === 'token' && targets.some((token) => token !== '' && text.includes(token));
  return text === '' || telling ? `${code}: refused by HMS` : `${code}: ${text.slice(0, LONGEST_TEXT)}`;
}
