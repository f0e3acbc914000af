import type { KeyObject } from 'node:crypto';
import { readSignedJwt, type SignedJwt } from '../../sandbox/signed-jwt.ts';

const HOUR = 3600;
const TWENTY_MINUTES_MS = 20 * 60_000;
/** Apple wants one token for 20 minutes; one renewal more is let pass, because a 403 ExpiredProviderToken asks for it. */
const TOKENS_IN_TWENTY_MINUTES = 2;
const REMEMBERED = 100;

/**
 * Checks provider tokens as APNs does: form, key id, team, signature, age, and how often a connection changes them.
 * A token's signature is verified once. Reasons: https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
 */
export class ApnsAuthorization {
  readonly #key: KeyObject;
  readonly #keyId: string;
  readonly #teamId: string;
  readonly #now: () => number;
  readonly #read = new Map<string, SignedJwt | undefined>();
  readonly #changes = new WeakMap<object, { last: string; at: number[] }>();

  constructor(key: KeyObject, keyId: string, teamId: string, now: () => number) {
    this.#key = key;
    this.#keyId = keyId;
    this.#teamId = teamId;
    this.#now = now;
  }

  /** The reason to refuse with, or undefined. `connection` identifies the connection of the request. */
  refusal(authorization: string | undefined, connection: object): string | undefined {
    const [scheme, token] = authorization?.split(' ') ?? [];
    if (scheme?.toLowerCase() !== 'bearer' || !token) return 'MissingProviderToken';
    const jwt = this.#jwt(token);
    if (!jwt?.genuine || jwt.header.kid !== this.#keyId || jwt.claims.iss !== this.#teamId)
      return 'InvalidProviderToken';
    const { iat } = jwt.claims;
    if (typeof iat !== 'number') return 'InvalidProviderToken';
    // A clock that runs an hour fast is as bad as an old token.
    if (Math.abs(this.#now() / 1000 - iat) > HOUR) return 'ExpiredProviderToken';
    return this.#changedTooOften(token, connection) ? 'TooManyProviderTokenUpdates' : undefined;
  }

  #jwt(token: string): SignedJwt | undefined {
    if (this.#read.has(token)) return this.#read.get(token);
    const jwt = readSignedJwt(token, this.#key);
    const [oldest] = this.#read.keys();
    if (this.#read.size >= REMEMBERED && oldest !== undefined) this.#read.delete(oldest);
    this.#read.set(token, jwt);
    return jwt;
  }

  #changedTooOften(token: string, connection: object): boolean {
    const seen = this.#changes.get(connection);
    if (seen?.last === token) return false;
    const now = this.#now();
    const recent = (seen?.at ?? []).filter((at) => now - at < TWENTY_MINUTES_MS);
    if (recent.length >= TOKENS_IN_TWENTY_MINUTES) return true;
    this.#changes.set(connection, { last: token, at: [...recent, now] });
    return false;
  }
}
