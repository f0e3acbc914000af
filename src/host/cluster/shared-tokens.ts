import { REUSE } from '../../apns/token.ts';
import type { SignedToken } from '../../carrier/provider-row.ts';

/**
 * The provider tokens that all workers use, by key. Apple counts how often a key's token changes, not how many processes sign:
 * all use the first worker's token until it is too old, or APNs has refused it.
 */
export class SharedTokens {
  readonly #tokens = new Map<string, SignedToken>();
  readonly #now: () => number;

  /** @param now UNIX milliseconds. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** @param name of the key. @param refused the token that the offer replaces. @returns the one to use */
  agree(name: string, offer: SignedToken, refused: string | undefined): SignedToken {
    const known = this.#tokens.get(name);
    if (known && known.token !== refused && Math.abs(this.#now() - known.at) < REUSE) return known;
    this.#forgetOld();
    this.#tokens.set(name, offer);
    return offer;
  }

  #forgetOld(): void {
    for (const [name, { at }] of this.#tokens) if (Math.abs(this.#now() - at) >= REUSE) this.#tokens.delete(name);
  }
}
