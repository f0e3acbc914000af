import { jsonObjectIn, saysLater } from '../../kit/http/answer-form.ts';
import { retryAfterMs } from '../../kit/retry-after.ts';
import type { Failed } from '../../push/push.ts';
import { fcmReasons } from '../reasons.ts';
import type { CallAnswer } from './call.ts';

/** What a sign-in brought; the lifetime in seconds. */
export type Grant = { readonly token: string; readonly expiresIn: number } | { readonly outcome: Failed };

/** Seconds, where the answer says nothing. */
const LIFETIME = 3600;
const LONGEST_ANSWER = 2000;

/** A line break would end the header that carries it. */
export const isToken = (token: unknown): token is string => typeof token === 'string' && /^[\x21-\x7e]+$/.test(token);

/** The answer of a token endpoint (RFC 6749, RFC 8693). @param now UNIX milliseconds */
export function grantOf(answer: CallAnswer, now: () => number): Grant {
  const refusal = refusalIn(answer, 'cannot fetch token', now);
  if (refusal) return refusal;
  const { access_token: token, expires_in = LIFETIME } = jsonObjectIn(answer.text) ?? {};
  if (!isToken(token)) return { outcome: unavailable('the answer of the token endpoint holds no access token') };
  const seconds = Number(expires_in);
  return { token, expiresIn: Number.isFinite(seconds) ? Math.max(0, seconds) : LIFETIME };
}

/**
 * What an answer other than 2xx means: a refusal when it has the form of OAuth or of Google's APIs; what has neither is a page of
 * a gateway, and no verdict about the credential. @param what was not done, in the words of Google's client
 */
export function refusalIn(answer: CallAnswer, what: string, now: () => number): { outcome: Failed } | undefined {
  const { status, retryAfter = '', text } = answer;
  if (status >= 200 && status < 300) return undefined;
  const told = `${what}: ${status}\nResponse: ${text.slice(0, LONGEST_ANSWER)}`;
  const { error } = jsonObjectIn(text) ?? {};
  const isRefusal = !saysLater(status) && status >= 400 && isErrorForm(error);
  return { outcome: isRefusal ? refused(told, error) : unavailable(told, retryAfterMs(retryAfter, now)) };
}

/** RFC 6749 section 5.2, or Google's own form. */
const isErrorForm = (error: unknown): boolean => (typeof error === 'string' ? error !== '' : Object(error) === error);

/** The pushes have not left: they are sent when there is a token. */
export const unavailable = (told: string, retryAfterMs?: number): Failed => ({
  kind: 'failed',
  category: fcmReasons.SignInUnavailable.category,
  reason: 'SignInUnavailable',
  error: `auth: ${told}`,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

const refused = (told: string, word: unknown): Failed => ({
  kind: 'failed',
  category: fcmReasons.SignInRefused.category,
  // OAuth's own word (RFC 6749 section 5.2).
  reason: typeof word === 'string' && /^\w{1,64}$/.test(word) ? word : 'SignInRefused',
  error: `auth: ${told}`,
});
