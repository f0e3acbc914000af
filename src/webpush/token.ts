import { sign } from 'node:crypto';
import type { VapidPair } from './credentials.ts';

export interface VapidTokenOptions {
  readonly subject: string;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** What a push is signed with: a JWT for one origin and one pair (RFC 8292), as long as it is good. */
export interface VapidTokenSource {
  /** The value of the `authorization` header. The same text until it is renewed. */
  authorization(origin: string, pair: VapidPair): string;
  /**
   * A push service refused this value as expired or from the future; its clock (UNIX milliseconds) said `at`, if it said anything. The
   * next value is signed by that clock. @returns false when this value replaced a refused one a moment ago: a third would not help
   */
  refused(origin: string, pair: VapidPair, authorization: string, at: number | undefined): boolean;
}

const HOUR = 3_600_000;
/** RFC 8292 section 2 allows 24 hours; half of it, so that no clock that is wrong by hours makes it too long. */
const LIFE = 12 * HOUR;
const REUSE = 0.8 * LIFE;
/** A clock nearer than this is right. */
const SKEW = 10_000;
/** Milliseconds for which a replacement that is refused in its turn is not replaced. */
const RENEWAL_PAUSE = 60_000;
/** Origins times pairs; beyond, the one signed longest ago goes. */
const MOST = 1000;

interface Signed {
  readonly authorization: string;
  /** Our clock, UNIX milliseconds. */
  readonly at: number;
  /** What was added to our clock. */
  readonly offset: number;
  /** It replaced one that the service had refused. */
  readonly replacement: boolean;
}

const HEADER = Buffer.from('{"typ":"JWT","alg":"ES256"}').toString('base64url');

/** The signed claims of RFC 8292 section 2. @param exp UNIX seconds */
export function signVapid(pair: VapidPair, aud: string, exp: number, sub: string): string {
  const claims = Buffer.from(JSON.stringify({ aud, exp, sub })).toString('base64url');
  const signed = `${HEADER}.${claims}`;
  // RFC 7518 section 3.4: R and S side by side; what OpenSSL makes by itself (DER) is no JWS.
  const signature = sign('sha256', Buffer.from(signed), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

/** Signs when there is none (some 20 µs, no timer), and again at 80 % of its 12 hours. One for all transports of a credential. */
export function createVapidTokenSource({ subject, now = Date.now }: VapidTokenOptions): VapidTokenSource {
  const tokens = new Map<string, Signed>();
  const nameOf = (origin: string, pair: VapidPair): string => `${origin} ${pair.publicKey}`;

  const renew = (origin: string, pair: VapidPair, offset: number, replacement = false): Signed => {
    const at = now();
    const token = signVapid(pair, origin, Math.floor((at + offset + LIFE) / 1000), subject);
    const signed = { authorization: `vapid t=${token}, k=${pair.publicKey}`, at, offset, replacement };
    const name = nameOf(origin, pair);
    tokens.delete(name);
    tokens.set(name, signed);
    if (tokens.size > MOST) tokens.delete(tokens.keys().next().value as string);
    return signed;
  };

  return {
    authorization(origin, pair) {
      const known = tokens.get(nameOf(origin, pair));
      // A clock that was set back makes the age negative: what was signed then may end too late.
      if (known && Math.abs(now() - known.at) < REUSE) return known.authorization;
      return renew(origin, pair, known?.offset ?? 0).authorization;
    },
    refused(origin, pair, authorization, at) {
      const known = tokens.get(nameOf(origin, pair));
      if (known?.authorization !== authorization) return true;
      const offset = at === undefined ? known.offset : at - now();
      const isFresh = known.replacement && Math.abs(now() - known.at) < RENEWAL_PAUSE;
      if (isFresh && Math.abs(offset - known.offset) < SKEW) return false;
      renew(origin, pair, Math.abs(offset) < SKEW ? 0 : offset, true);
      return true;
    },
  };
}
