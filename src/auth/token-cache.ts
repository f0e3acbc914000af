import type { Principal } from './principal.ts';
import type { Verified } from './token-verifier.ts';

export interface TokenCacheOptions {
  readonly verify: (token: string) => Promise<Verified | undefined>;
  /** Milliseconds for which a token is not checked again: as long as a key that the issuer withdraws still counts; default 60,000. */
  readonly keepMs?: number;
  /** Default 1,000. */
  readonly maxTokens?: number;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** A signature costs a hundred times what a digest costs, and callers send one token many times. */
export class TokenCache {
  readonly #options: TokenCacheOptions;
  readonly #now: () => number;
  readonly #known = new Map<string, { principal: Principal; until: number }>();

  constructor(options: TokenCacheOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** A token that was found to be valid a moment ago. */
  known(digest: Buffer): Principal | undefined {
    const key = digest.toString('latin1');
    const entry = this.#known.get(key);
    if (!entry) return undefined;
    if (entry.until > this.#now()) return entry.principal;
    this.#known.delete(key);
    return undefined;
  }

  /** Rejects with KeysUnavailableError. */
  async check(token: string, digest: Buffer): Promise<Principal | undefined> {
    const { verify, keepMs = 60_000, maxTokens = 1000 } = this.#options;
    const verified = await verify(token);
    if (!verified) return undefined;
    const { principal, expiresAt } = verified;
    this.#known.set(digest.toString('latin1'), { principal, until: Math.min(expiresAt, this.#now() + keepMs) });
    if (this.#known.size > maxTokens) this.#known.delete(this.#known.keys().next().value as string);
    return principal;
  }
}
