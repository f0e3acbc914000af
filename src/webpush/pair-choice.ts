import { createHash } from 'node:crypto';
import type { VapidCredential, VapidPair } from './credentials.ts';
import type { Subscription } from './subscription.ts';

/** Subscriptions of which it is remembered that they were not made with the current pair. */
const REMEMBERED = 10_000;

/**
 * Which VAPID pair signs the pushes of a subscription: the one that it names. One that names none is signed with the current pair;
 * should the push service say that it was made with another, the others are offered in turn, and the one that is taken is
 * remembered.
 */
export class PairChoice {
  readonly #credential: VapidCredential;
  /** By the hash of the endpoint. */
  readonly #found = new Map<string, VapidPair>();

  constructor(credential: VapidCredential) {
    this.#credential = credential;
  }

  /** The pair to begin with; undefined when the subscription names one that is not ours. */
  first({ applicationServerKey, endpoint }: Subscription): VapidPair | undefined {
    const { current, pairs } = this.#credential;
    if (applicationServerKey !== undefined) return pairs.get(applicationServerKey);
    return this.#found.size === 0 ? current : (this.#found.get(hash(endpoint)) ?? current);
  }

  /** The pair to offer after those that were refused; undefined when no other is left, or the subscription named its own. */
  next({ applicationServerKey }: Subscription, refused: readonly VapidPair[]): VapidPair | undefined {
    if (applicationServerKey !== undefined) return undefined;
    for (const pair of this.#credential.pairs.values()) if (!refused.includes(pair)) return pair;
    return undefined;
  }

  /** A push service took this pair after it had refused another. */
  taken({ endpoint }: Subscription, pair: VapidPair): void {
    const key = hash(endpoint);
    this.#found.delete(key);
    if (pair !== this.#credential.current) this.#found.set(key, pair);
    if (this.#found.size > REMEMBERED) this.#found.delete(this.#found.keys().next().value as string);
  }
}

const hash = (endpoint: string): string => createHash('sha256').update(endpoint).digest('base64url');
