import type { PostAnswer } from '../carrier/http-post.ts';
import { faultWord, postingWords } from '../carrier/posting-words.ts';
import { AGAIN, failure, type Reason, type ReasonTable, reasonIn, SENT_AGAIN } from '../carrier/reasons.ts';
import type { StreamFault } from '../http2/http2-pool.ts';
import { retryAfterMs } from '../kit/retry-after.ts';
import type { Failed } from '../push/push.ts';

/**
 * Errors of tickets and receipts, and codes of whole requests (docs.expo.dev/push-notifications/sending-notifications), and our own
 * words in CamelCase.
 */
export const expoReasons = {
  DeviceNotRegistered: {
    category: 'invalid_token',
    advice: 'The app was removed, or may not notify: delete the token.',
  },
  MessageTooBig: { category: 'invalid_request', advice: 'Shorten the notification to 4,096 bytes.' },
  MessageRateExceeded: {
    category: 'unavailable',
    advice: 'Too many pushes to this device.',
    again: AGAIN,
  },
  MismatchSenderId: {
    category: 'credential',
    advice: "Upload the FCM credentials of this app's Firebase project to Expo.",
  },
  InvalidCredentials: {
    category: 'credential',
    advice: "Renew the app's push credentials at Expo (`eas credentials`).",
  },
  DeveloperError: { category: 'invalid_request', advice: 'Correct what the error text names.' },
  ExpoError: { category: 'unavailable', advice: 'An error inside Expo.', again: AGAIN },
  ProviderError: { category: 'unavailable', advice: 'An error at Apple or Google.', again: AGAIN },
  TOO_MANY_REQUESTS: { category: 'unavailable', advice: 'Lower `expo.rate_limit`.', again: SENT_AGAIN },
  PUSH_TOO_MANY_EXPERIENCE_IDS: {
    category: 'invalid_request',
    advice: 'Tokens of several projects in one request: Martlet splits them; give each project an app of its own.',
  },
  PUSH_TOO_MANY_NOTIFICATIONS: { category: 'invalid_request', advice: 'Report this: a request has at most 100.' },
  PUSH_TOO_MANY_RECEIPTS: { category: 'invalid_request', advice: 'Report this: a request asks for at most 300.' },
  UNAUTHORIZED: { category: 'credential', advice: 'Check `expo.access_token`.' },
  ...postingWords('Expo', 'expo.endpoint'),
  UnknownReceipt: {
    category: 'unavailable',
    advice: 'Expo says that it failed and not why: send a later notification as usual.',
  },
  InvalidToken: { category: 'invalid_token', advice: 'Give tokens as the app gets them: `ExponentPushToken[…]`.' },
} as const satisfies ReasonTable;

/** For a code that is not in the table: what the HTTP status means by itself. */
export function unknownReason(status: number): Reason {
  if (status === 429 || status >= 500)
    return { category: 'unavailable', advice: 'Expo could not take it at the moment.', again: AGAIN };
  if (status === 401 || status === 403) return expoReasons.UNAUTHORIZED;
  return { category: 'invalid_request', advice: 'Not known to this version: see the error text.' };
}

/** A failure of ours: its category is in the table. */
export const expoFailure = (reason: keyof typeof expoReasons & string, error: string): Failed =>
  failure(expoReasons, reason, error);

/** What a request without an answer means. */
export const expoFault = (fault: StreamFault): Failed => expoFailure(faultWord(fault), fault.message || fault.code);

/** A word of Expo's; anything else in its place could hold a token. */
const WORD = /^[A-Za-z_]{1,64}$/;
const LONGEST_TEXT = 200;

/** Tokens are in Expo's texts. */
const withoutTokens = (text: string): string =>
  text.replaceAll(/Expo(?:nent)?PushToken\[[^\]]{0,100}\]?/g, 'the token').slice(0, LONGEST_TEXT);

/** A ticket or a receipt with `status: error`. */
export interface ExpoError {
  readonly message?: unknown;
  readonly details?: unknown;
}

/** What a ticket or a receipt with an error means. Without a known word nothing is said about the token. */
export function errorOf({ message, details }: ExpoError): Failed {
  const word = typeof details === 'object' && details !== null ? (details as { error?: unknown }).error : undefined;
  const reason = typeof word === 'string' && WORD.test(word) ? word : 'UnknownReceipt';
  const { category } = reasonIn(expoReasons, reason) ?? expoReasons.UnknownReceipt;
  const text = typeof message === 'string' && message !== '' ? withoutTokens(message) : 'refused by Expo';
  return { kind: 'failed', category, reason, error: `${reason}: ${text}` };
}

/** The meaning of an answer that refuses a whole request. @param now UNIX ms, from which a Retry-After date is measured */
export function requestError({ status, headers }: PostAnswer, code: string, now: () => number): Failed {
  const known = WORD.test(code) ? code : '';
  if (known === '' && status < 500 && status !== 429 && status !== 401) {
    return { ...expoFailure('InvalidAnswer', `unexpected answer of Expo with status ${status}`), status };
  }
  const { category, advice } = reasonIn(expoReasons, known) ?? unknownReason(status);
  const pause = category === 'unavailable' ? retryAfterMs(headers['retry-after'], now) : undefined;
  const reason = known || (status === 429 ? 'TOO_MANY_REQUESTS' : status === 401 ? 'UNAUTHORIZED' : `Status${status}`);
  const error = `${reason}: ${advice}`;
  return { kind: 'failed', category, reason, error, status, ...(pause === undefined ? {} : { retryAfterMs: pause }) };
}
