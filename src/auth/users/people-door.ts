import { NotLoadedError } from '../../kit/late.ts';
import { RefusedError } from '../../kit/refusal.ts';
import type { Principal } from '../principal.ts';
import { cannotTell, type Refusal, unauthenticated } from '../refusal.ts';
import { TokenCache, type TokenCacheOptions } from '../token-cache.ts';
import type { PersonNamer } from './person-principal.ts';
import { ExpiredTokenError, isUserToken } from './user-tokens.ts';

export interface PeopleDoorOptions {
  /** Rejects with ExpiredTokenError; with another error when the key of the token cannot be looked for. */
  readonly verify: TokenCacheOptions['verify'];
  readonly nameOf: PersonNamer;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** Phones and browsers, each with a token of its own. */
const MAX_TOKENS = 20_000;

/** Lets people in who call with the tokens of the hub. */
export class PeopleDoor {
  readonly #tokens: TokenCache;
  /** What logs call a person. */
  readonly nameOf: PersonNamer;

  constructor({ verify, nameOf, now }: PeopleDoorOptions) {
    this.nameOf = nameOf;
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
