import type { KeyObject } from 'node:crypto';
import type { SignedToken } from '../carrier/provider-row.ts';
import type { TokenAnswer, TokenSource } from '../carrier/token-source.ts';
import { late, NotLoadedError } from '../kit/late.ts';
import { singleFlight } from '../kit/single-flight.ts';
import type { Failed } from '../push/push.ts';

export interface ApnsTokenOptions {
  /** EC private key on P-256, from Apple's `.p8` file. */
  readonly key: KeyObject;
  /** Ten characters each; become `kid` and `iss`. */
  readonly keyId: string;
  readonly teamId: string;
  /** Where several processes sign with one key: the token that all of them use. Default: our own. Never rejects. */
  readonly agree?: AgreeOnToken;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** Offers a token that was just signed; `refused` is the one that it replaces because APNs called that expired. */
export type AgreeOnToken = (offer: SignedToken, refused: string | undefined) => Promise<SignedToken>;

/** With the first signature: a relay that starts should not wait for it. */
const jose = late('jose', () => import('jose'));

const MINUTE = 60_000;
/** Milliseconds: APNs accepts a token for an hour. */
export const REUSE = 50 * MINUTE;
/** APNs answers 429 TooManyProviderTokenUpdates to more than one renewal in 20 minutes. */
const RENEWAL_PAUSE = 20 * MINUTE;

interface Signed extends SignedToken {
  /** It replaced a token that APNs had refused: refused in its turn, the clock or the key is wrong, and a third would not help. */
  readonly replacement: boolean;
}

const ownToken: AgreeOnToken = async (offer) => offer;

/**
 * Provider tokens of one key; shared by all transports that use it, because Apple counts renewals and not connections. Signs lazily (no timer), reuses for 50 minutes, and replaces at once a token that APNs calls expired: once, then not again
 * for 20 minutes. APNs sometimes keeps refusing on the connection that carried the refused token, whatever comes after;
 * only a new connection helps then.
 */
export function createApnsTokenSource(options: ApnsTokenOptions): TokenSource {
  const { key, keyId, teamId, agree = ownToken, now = Date.now } = options;
  let current: Signed | undefined;
  let refused = false;
  let failure: Failed | undefined;

  const good = (): Signed | undefined => {
    if (!current || refused) return undefined;
    // A clock that was set back makes the age negative; a token from the far future is refused like an old one.
    return Math.abs(now() - current.at) < REUSE ? current : undefined;
  };

  const sign = async (): Promise<string> => {
    const at = now();
    const { SignJWT } = await jose();
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: keyId })
      .setIssuer(teamId)
      .setIssuedAt(Math.floor(at / 1000))
      .sign(key);
    const agreed = await agree({ token, at }, refused ? current?.token : undefined);
    current = { ...agreed, replacement: refused };
    refused = false;
    return agreed.token;
  };
  const renew = singleFlight(async (): Promise<TokenAnswer> => {
    try {
      const token = await sign();
      failure = undefined;
      return { token };
    } catch (error) {
      failure = signingFailed(error);
      return { outcome: failure };
    }
  });

  return {
    cached: () => good()?.token,
    get: async () => good() ?? renew(),
    invalidate(token) {
      if (token !== current?.token) return;
      if (current.replacement && Math.abs(now() - current.at) < RENEWAL_PAUSE) return;
      refused = true;
    },
    lastFailure: () => failure,
  };
}

/** What signs may not be loaded for want of a file descriptor: that says nothing about the key, and passes. */
const signingFailed = (error: unknown): Failed => ({
  kind: 'failed',
  ...(error instanceof NotLoadedError
    ? { category: 'not_sent', reason: 'SigningUnavailable' }
    : { category: 'credential', reason: 'SigningFailed' }),
  error: `no provider token could be signed: ${error instanceof Error ? error.message : String(error)}`,
});
