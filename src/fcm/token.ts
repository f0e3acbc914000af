import type { Dispatcher } from 'undici';
import type { TokenAnswer, TokenSource } from '../carrier/token-source.ts';
import { background } from '../kit/background.ts';
import { toError } from '../kit/errors.ts';
import { late } from '../kit/late.ts';
import { singleFlight } from '../kit/single-flight.ts';
import type { Failed } from '../push/push.ts';
import type { FcmCredential } from './credentials.ts';
import type { AwsEnvironment } from './sign-in/aws-subject-token.ts';
import { createCall } from './sign-in/call.ts';
import { type Grant, unavailable } from './sign-in/grant.ts';
import type { SubjectSurroundings } from './sign-in/subject-token.ts';

export interface FcmTokenOptions {
  readonly credential: FcmCredential;
  /** Carries the sign-in requests: the CA, the proxy. Default: undici's own. */
  readonly dispatcher?: Dispatcher;
  /** Variables from which an external account of AWS has its keys. Default: none. */
  readonly env?: AwsEnvironment;
  /** Milliseconds for each request of a sign-in; default 15,000. */
  readonly timeoutMs?: number;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

const SECOND = 1000;
const RENEW_EARLY = 300 * SECOND;
/** A token this close to its end may expire on the way. */
const MARGIN = 10 * SECOND;
const RENEWAL_PAUSE = 30 * SECOND;

interface Current {
  readonly token: string;
  readonly expiresAt: number;
  renewAt: number;
}

const signInModule = late('the sign-in to Google', () => import('./sign-in/sign-in.ts'));

/** Never rejects. */
async function signedIn(credential: FcmCredential, around: SubjectSurroundings): Promise<Grant> {
  try {
    const { signIn } = await signInModule();
    return await signIn(credential, around);
  } catch (error) {
    return { outcome: unavailable(toError(error).message) };
  }
}

/**
 * Asks for the first token when it is needed (no timer), one request at a time however many wait for it, and for the next one
 * five minutes before the end, or at half the life of a shorter one, while the old one goes on serving.
 */
export function createFcmTokenSource(options: FcmTokenOptions): TokenSource {
  const { credential, dispatcher, env = {}, timeoutMs = 15 * SECOND, now = Date.now } = options;
  const around = { call: createCall({ dispatcher, timeoutMs }), env, timeoutMs, now };
  let current: Current | undefined;
  let failure: Failed | undefined;

  const renew = singleFlight(async (): Promise<TokenAnswer> => {
    const started = now();
    const answer = await signedIn(credential, around);
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
