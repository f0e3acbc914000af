import { type Dispatcher, request } from 'undici';
import type { TokenAnswer, TokenSource } from '../carrier/token-source.ts';
import { background } from '../kit/background.ts';
import { jsonObjectIn, saysLater } from '../kit/http/answer-form.ts';
import { late } from '../kit/late.ts';
import { retryAfterMs } from '../kit/retry-after.ts';
import { singleFlight } from '../kit/single-flight.ts';
import { boundedText } from '../kit/text/bounded-text.ts';
import type { Failed } from '../push/push.ts';
import type { AuthorizedUser, FcmCredential, MetadataServer, ServiceAccount } from './credentials.ts';
import { fcmReasons } from './reasons.ts';

export interface FcmTokenOptions {
  readonly credential: FcmCredential;
  /** Carries the sign-in requests: the CA, the proxy. Default: undici's own. */
  readonly dispatcher?: Dispatcher;
  /** Milliseconds; default 15,000. */
  readonly timeoutMs?: number;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** With the first signature: a relay that starts should not wait for it. */
const jose = late('jose', () => import('jose'));

const SECOND = 1000;
const RENEW_EARLY = 300 * SECOND;
/** A token this close to its end may expire on the way. */
const MARGIN = 10 * SECOND;
const RENEWAL_PAUSE = 30 * SECOND;
const LIFETIME = 3600;
const LONGEST_ANSWER = 2000;
/** Of an answer: an app's token_uri may lead to any server. */
const MOST_BYTES = 256 * 1024;

/** What Google's Go client asks for; a token for messaging alone would do as well, but not every policy knows that scope. */
const SCOPES = [
  'cloud-platform',
  'datastore',
  'devstorage.full_control',
  'firebase',
  'identitytoolkit',
  'userinfo.email',
]
  .map((name) => `https://www.googleapis.com/auth/${name}`)
  .join(' ');

interface Current {
  readonly token: string;
  readonly expiresAt: number;
  renewAt: number;
}

/**
 * Asks for the first token when it is needed (no timer), one request at a time however many wait for it, and for the next one
 * five minutes before the end, or at half the life of a shorter one, while the old one goes on serving.
 */
export function createFcmTokenSource(options: FcmTokenOptions): TokenSource {
  const { credential, now = Date.now } = options;
  let current: Current | undefined;
  let failure: Failed | undefined;

  const renew = singleFlight(async (): Promise<TokenAnswer> => {
    const started = now();
    const answer = await signIn(options, credential, now);
    failure = 'outcome' in answer ? answer.outcome : undefined;
    if ('outcome' in answer) {
      if (current) current.renewAt = now() + RENEWAL_PAUSE;
      return answer;
    }
    const life = answer.expiresIn * SECOND;
    const early = Math.min(RENEW_EARLY, life / 2);
    current = { token: answer.token, expiresAt: started + life, renewAt: started + life - early };
    return { token: answer.token };
  });

  function cached(): string | undefined {
    if (!current) return undefined;
    const time = now();
    const margin = Math.min(MARGIN, (current.expiresAt - current.renewAt) / 2);
    if (time >= current.expiresAt - margin) return undefined;
    // `renew` never rejects: a failure is kept, and told when the token is needed.
    if (time >= current.renewAt) background(renew());
    return current.token;
  }

  return {
    cached,
    get: async () => {
      const token = cached();
      return token === undefined ? renew() : { token };
    },
    invalidate(token) {
      if (token === current?.token) current = undefined;
    },
    lastFailure: () => failure,
  };
}

type Answer = { readonly token: string; readonly expiresIn: number } | { readonly outcome: Failed };

interface Call {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

async function signIn(options: FcmTokenOptions, credential: FcmCredential, now: () => number): Promise<Answer> {
  try {
    const call = await callOf(credential, now);
    const { dispatcher, timeoutMs = 15 * SECOND } = options;
    const { statusCode, headers, body } = await request(call.url, {
      method: call.method,
      headers: call.headers,
      body: call.body,
      signal: AbortSignal.timeout(timeoutMs),
      ...(dispatcher ? { dispatcher } : {}),
    });
    const answer = await boundedText(body, MOST_BYTES);
    return readAnswer(statusCode, headers['retry-after'], answer, now);
  } catch (error) {
    return { outcome: unavailable(causeOf(error)) };
  }
}

const callOf = (credential: FcmCredential, now: () => number): Promise<Call> | Call => {
  switch (credential.type) {
    case 'service_account':
      return assertionCall(credential, now);
    case 'authorized_user':
      return refreshCall(credential);
    case 'metadata_server':
      return metadataCall(credential);
  }
};

/** RFC 7523. Signed ten seconds in the past, as Google's client does: clocks differ. */
async function assertionCall(account: ServiceAccount, now: () => number): Promise<Call> {
  const issuedAt = Math.floor(now() / SECOND) - 10;
  const { SignJWT } = await jose();
  const assertion = await new SignJWT({ scope: SCOPES })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(account.privateKeyId ? { kid: account.privateKeyId } : {}) })
    .setIssuer(account.clientEmail)
    .setAudience(account.tokenUri)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + LIFETIME)
    .sign(account.privateKey);
  return form(account.tokenUri, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
}

const refreshCall = (user: AuthorizedUser): Call =>
  form(user.tokenUri, {
    grant_type: 'refresh_token',
    refresh_token: user.refreshToken,
    client_id: user.clientId,
    client_secret: user.clientSecret,
  });

const form = (url: string, fields: Record<string, string>): Call => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
});

const metadataCall = ({ host }: MetadataServer): Call => ({
  method: 'GET',
  url: `http://${host}/computeMetadata/v1/instance/service-accounts/default/token?scopes=${encodeURIComponent(SCOPES.replaceAll(' ', ','))}`,
  headers: { 'metadata-flavor': 'Google' },
  body: null,
});

function readAnswer(status: number, retry: string | string[] | undefined, text: string, now: () => number): Answer {
  const fields = jsonObjectIn(text) ?? {};
  if (status >= 200 && status < 300) {
    const token = fields.access_token;
    const seconds = Number(fields.expires_in ?? LIFETIME);
    // A line break would end the header that carries it.
    const isToken = typeof token === 'string' && /^[\x21-\x7e]+$/.test(token);
    if (isToken) return { token, expiresIn: Number.isFinite(seconds) ? Math.max(0, seconds) : LIFETIME };
    return { outcome: unavailable(`the answer of the token endpoint holds no access token`) };
  }
  const told = `cannot fetch token: ${status}\nResponse: ${text.slice(0, LONGEST_ANSWER)}`;
  const isRefusal = !saysLater(status) && status >= 400 && isOauthError(fields.error);
  return {
    outcome: isRefusal ? refused(told, fields.error) : unavailable(told, retryAfterMs(String(retry ?? ''), now)),
  };
}

/** RFC 6749 section 5.2, or Google's own form. What has neither is a page of a gateway: no verdict about the credential. */
const isOauthError = (error: unknown): boolean => (typeof error === 'string' ? error !== '' : Object(error) === error);

/** The pushes have not left: they are sent when there is a token. */
const unavailable = (told: string, retryAfterMs?: number): Failed => ({
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

/** undici hides the reason in the cause; neither holds anything of the request's body. */
const causeOf = (error: unknown): string => {
  const cause = (error as Error).cause ?? error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
};
