import { MartletError } from '../../kit/errors.ts';
import { late } from '../../kit/late.ts';
import { toMs, toSeconds } from '../../kit/seconds.ts';
import { idFault } from '../../kit/text/id-fault.ts';
import { APP_NAME } from '../../push/app-name.ts';
import type { Principal } from '../principal.ts';
import type { Verified } from '../token-verifier.ts';
import { type PersonNamer, personPrincipal } from './person-principal.ts';
import type { UserTokenKeys } from './user-token-keys.ts';

const jose = late('jose', () => import('jose'));

/** What the header of our tokens says they are, so that no token of an issuer is taken for one (RFC 8725 section 3.11). */
const TYPE = 'martlet-user+jwt';
const ISSUER = 'martlet';

const HOUR_MS = 3_600_000;
export const DEFAULT_TTL_MS = HOUR_MS;
export const MAX_TTL_MS = 24 * HOUR_MS;

export interface IssuedToken {
  readonly token: string;
  /** UNIX milliseconds. */
  readonly expiresAt: number;
}

/** The token is one of ours, and its time is over. */
export class ExpiredTokenError extends MartletError {
  readonly code = 'ERR_TOKEN_EXPIRED';
}

interface TokenHeader {
  readonly typ?: unknown;
  readonly kid?: unknown;
}

function headerOf(token: string): TokenHeader {
  try {
    return (JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString()) ?? {}) as TokenHeader;
  } catch {
    return {};
  }
}

/** True for what says of itself that it is the token of a person. @param token of the form of a JWT */
export const isUserToken = (token: string): boolean => headerOf(token).typ === TYPE;

/** Signs the tokens of people, and says whose a token is. */
export class UserTokens {
  readonly #keys: Pick<UserTokenKeys, 'current' | 'find'>;
  readonly #now: () => number;
  readonly #nameOf: PersonNamer | undefined;

  /** @param now UNIX milliseconds. @param nameOf what logs call a person */
  constructor(keys: Pick<UserTokenKeys, 'current' | 'find'>, now: () => number, nameOf?: PersonNamer) {
    this.#keys = keys;
    this.#now = now;
    this.#nameOf = nameOf;
  }

  /** A token for one person of one app. Rejects with StoreUnavailable. */
  async issue(app: string, user: string, ttlMs: number): Promise<IssuedToken> {
    const [{ SignJWT }, { kid, sign }] = await Promise.all([jose(), this.#keys.current()]);
    const issuedAt = Math.floor(toSeconds(this.#now()));
    const expiresAt = Math.ceil(toSeconds(this.#now() + ttlMs));
    const token = await new SignJWT({ app })
      .setProtectedHeader({ alg: 'ES256', typ: TYPE, kid })
      .setIssuer(ISSUER)
      .setSubject(user)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(sign);
    return { token, expiresAt: toMs(expiresAt) };
  }

  /**
   * @returns undefined for one that is not valid. Rejects with ExpiredTokenError, and with StoreUnavailable when its key cannot be
   * looked for.
   */
  async verify(token: string): Promise<Verified | undefined> {
    const { kid } = headerOf(token);
    if (typeof kid !== 'string') return undefined;
    const key = await this.#keys.find(kid);
    if (!key) return undefined;
    const { errors, jwtVerify } = await jose();
    try {
      const { payload } = await jwtVerify(token, key.verify, {
        algorithms: ['ES256'],
        issuer: ISSUER,
        typ: TYPE,
        requiredClaims: ['exp', 'iat', 'sub'],
        currentDate: new Date(this.#now()),
      });
      const principal = ofClaims(payload.app, payload.sub as string, toMs(payload.iat as number), this.#nameOf);
      const expiresAt = toMs(payload.exp as number);
      return principal && { principal: { ...principal, expiresAt }, expiresAt };
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new ExpiredTokenError('the token has expired', { cause: error });
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}

function ofClaims(app: unknown, id: string, issuedAt: number, nameOf: PersonNamer | undefined): Principal | undefined {
  if (typeof app !== 'string' || !APP_NAME.test(app) || idFault(id) !== undefined) return undefined;
  return personPrincipal({ app, id, issuedAt }, nameOf);
}
