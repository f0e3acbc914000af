import { createHash } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { type PostResult, post } from '../carrier/http-post.ts';
import type { TokenAnswer, TokenSource } from '../carrier/token-source.ts';
import { jsonObjectIn, saysLater } from '../kit/http/answer-form.ts';
import { retryAfterMs } from '../kit/retry-after.ts';
import { singleFlight } from '../kit/single-flight.ts';
import type { Failed } from '../push/push.ts';
import { hmsFailure } from './reasons.ts';

export interface HmsTokenOptions {
  /** `https://host[:port]`. */
  readonly authOrigin: string;
  readonly dispatcher: Dispatcher;
  /** Milliseconds for a sign-in, connecting included; default 15,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** Access tokens of one app. */
export interface HmsTokenSource extends TokenSource {
  readonly appId: string;
}

const PATH = '/oauth2/v3/token';
const TIMEOUT_MS = 15_000;
const DEFAULT_LIFETIME_S = 3600;
/** A token is renewed this long before it expires, or after nine tenths of a short life. */
const MARGIN_MS = 300_000;
/** What an HTTP header can carry and a bearer token consists of (RFC 6750 section 2.1, and some more). */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * OAuth 2 client credentials of one app (https://developer.huawei.com: "Client Credentials Mode"). Nothing is remembered of a
 * failed sign-in but its reason: the next push tries again.
 */
export function createHmsTokenSource(appId: string, appSecret: string, options: HmsTokenOptions): HmsTokenSource {
  const { authOrigin, dispatcher, timeoutMs = TIMEOUT_MS, signal, now = Date.now } = options;
  let current: { readonly token: string; readonly renewAt: number } | undefined;
  let failure: Failed | undefined;

  const signIn = singleFlight(async (): Promise<TokenAnswer> => {
    const result = await post(dispatcher, {
      origin: authOrigin,
      path: PATH,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: appId,
        client_secret: appSecret,
      }).toString(),
      timeoutMs,
      ...(signal ? { signal } : {}),
    });
    const grant = readGrant(result, appSecret, now);
    if ('outcome' in grant) {
      failure = grant.outcome;
      return grant;
    }
    failure = undefined;
    current = { token: grant.token, renewAt: now() + grant.lifetimeMs - Math.min(MARGIN_MS, grant.lifetimeMs / 10) };
    return current;
  });

  const good = () => (current && now() < current.renewAt ? current : undefined);

  return {
    appId,
    cached: () => good()?.token,
    get: async () => good() ?? signIn(),
    invalidate(token) {
      if (current?.token === token) current = undefined;
    },
    lastFailure: () => failure,
  };
}

type Grant = { readonly token: string; readonly lifetimeMs: number } | { readonly outcome: Failed };

function readGrant(result: PostResult, appSecret: string, now: () => number): Grant {
  if ('fault' in result) return { outcome: unavailable(result.fault.message) };
  const { status, headers, body } = result;
  const answer = jsonObjectIn(body) ?? {};
  const { access_token: token } = answer;
  if (status === 200 && typeof token === 'string' && TOKEN.test(token)) {
    return { token, lifetimeMs: lifetime(answer.expires_in) * 1000 };
  }
  const words = [answer.error, answer.sub_error, answer.error_description].filter(isWord).join(' ');
  const said = words ? hideSecret(words, appSecret) : 'no access token in the answer';
  // Without a word of Huawei's it is a page of a gateway: no verdict about the credential.
  if (saysLater(status) || !words) {
    const retryMs = retryAfterMs(headers['retry-after'], now);
    return { outcome: { ...unavailable(said, status), ...(retryMs === undefined ? {} : { retryAfterMs: retryMs }) } };
  }
  return { outcome: { ...hmsFailure('SignInRefused', `HMS sign-in refused (${status}): ${said}`), status } };
}

/** Whatever became of the sign-in, HMS has not seen the push. */
const unavailable = (why: string, status?: number): Failed => ({
  ...hmsFailure('SignInUnavailable', `HMS sign-in failed${status === undefined ? '' : ` (${status})`}: ${why}`),
  ...(status === undefined ? {} : { status }),
});

/** Seconds; some documents give it as a text. */
function lifetime(expiresIn: unknown): number {
  const seconds = Number(expiresIn);
  return seconds > 0 && Number.isFinite(seconds) ? seconds : DEFAULT_LIFETIME_S;
}

/** Huawei's `error` and `sub_error` are numbers. */
const isWord = (value: unknown): value is string | number =>
  typeof value === 'number' || (typeof value === 'string' && value !== '');

const LONGEST_TEXT = 300;
const hideSecret = (text: string, secret: string): string =>
  (secret === '' ? text : text.replaceAll(secret, '***')).slice(0, LONGEST_TEXT);

export interface HmsTokenSources {
  /** The source of an app: one for each pair of id and secret. */
  of(appId: string, appSecret: string): HmsTokenSource;
}

const MOST_SOURCES = 1000;

/** Token sources by app, at most `most`: the one not used for longest is forgotten first. Secrets are kept as hashes only in keys. */
export function createHmsTokenSources(options: HmsTokenOptions, most = MOST_SOURCES): HmsTokenSources {
  const sources = new Map<string, HmsTokenSource>();
  return {
    of(appId, appSecret) {
      const key = createHash('sha256')
        .update(JSON.stringify([appId, appSecret]))
        .digest('base64');
      const source = sources.get(key) ?? createHmsTokenSource(appId, appSecret, options);
      sources.delete(key);
      sources.set(key, source);
      if (sources.size > most) sources.delete(sources.keys().next().value as string);
      return source;
    },
  };
}
