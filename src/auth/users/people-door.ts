import { NotLoadedError } from '../../kit/late.ts';
import { RefusedError } from '../../kit/refusal.ts';
import type { Principal } from '../principal.ts';
import { cannotTell, type Refusal, unauthenticated } from '../refusal.ts';
import { TokenCache, type TokenCacheOptions } from '../token-cache.ts';
import type { PersonNamer } from './person-principal.ts';
import type { StreamTicket } from './stream-ticket.ts';
import { ExpiredTokenError, isUserToken } from './user-tokens.ts';

export interface PeopleDoorOptions {
  /** Rejects with ExpiredTokenError; with another error when the key of the token cannot be looked for. */
  readonly verify: TokenCacheOptions['verify'];
  readonly nameOf: PersonNamer;
  /** Uses a ticket up. Undefined for one that opens nothing; rejects with a RefusedError when it cannot be looked for. */
  readonly redeem: (ticket: StreamTicket) => Promise<Principal | undefined>;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** Phones and browsers, each with a token of its own. */
const MAX_TOKENS = 20_000;

/** Lets people in who call with the tokens of the hub. */
export class PeopleDoor {
  readonly #tokens: TokenCache;
  readonly #redeem: PeopleDoorOptions['redeem'];
  /** What logs call a person. */
  readonly nameOf: PersonNamer;

  constructor({ verify, redeem, nameOf, now }: PeopleDoorOptions) {
    this.nameOf = nameOf;
    this.#redeem = redeem;
    this.#tokens = new TokenCache({ verify, maxTokens: MAX_TOKENS, now });
  }

  /** True for what says of itself that it is such a token. @param secret of the form of a JWT */
  isFor(secret: string): boolean {
    return isUserToken(secret);
  }

  /** Whose token it is, when that was found out a moment ago. @param digest of the token */
  known(digest: Buffer): Principal | undefined {
    return this.#tokens.known(digest);
  }

  /** A ticket cannot be guessed; one that is used again is that of a browser which comes back by itself. */
  async admitTicket(ticket: StreamTicket): Promise<Principal | Refusal> {
    try {
      return (await this.#redeem(ticket)) ?? unauthenticated('used_ticket');
    } catch (error) {
      if (error instanceof RefusedError) return cannotTell;
      throw error;
    }
  }

  /** A token that has expired is no guess: phones wake up with one every day. */
  async admit(secret: string, digest: Buffer): Promise<Principal | Refusal> {
    try {
      return (await this.#tokens.check(secret, digest)) ?? unauthenticated('invalid_token');
    } catch (error) {
      if (error instanceof ExpiredTokenError) return unauthenticated('expired_token');
      if (error instanceof RefusedError || error instanceof NotLoadedError) return cannotTell;
      throw error;
    }
  }
}
