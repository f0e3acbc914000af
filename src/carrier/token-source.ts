import type { Failed } from '../push/push.ts';

/** A token to send with, or the outcome of the pushes that needed one. */
export type TokenAnswer = { readonly token: string } | { readonly outcome: Failed };

/**
 * Access tokens of one credential, signed here or fetched by signing in. States: none → fetching (one call, however many ask)
 * → good → renewing (the old one still serves) → good; a failed call leaves it as it was and is remembered until one succeeds.
 */
export interface TokenSource {
  /** The token in use while it is good, without waiting; undefined when `get` would have to fetch one. */
  cached(): string | undefined;
  /** The token in use, fetched first where there is none. Never rejects. */
  get(): Promise<TokenAnswer>;
  /** The provider refused this token: the next `get` fetches another, unless that has happened already. */
  invalidate(token: string): void;
  /** Why the last fetch brought no token; undefined when it did, and before the first. */
  lastFailure(): Failed | undefined;
}
