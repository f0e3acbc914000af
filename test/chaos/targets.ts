/**
 * Device tokens of the chaos suite: 64 hex digits, of which the first four say what the provider thinks of them, and the last
 * twelve number them, so that a count for each fits into an array.
 */
const LIVE = 'a11e';
const DEAD = 'dead';

const numbered = (prefix: string, index: number): string => prefix + index.toString(16).padStart(60, '0');

export const liveTarget = (index: number): string => numbered(LIVE, index);
/** The provider answers 410 (APNs) or 404 UNREGISTERED (FCM). */
export const deadTarget = (index: number): string => numbered(DEAD, index);

export const indexOf = (target: string): number => Number.parseInt(target.slice(-12), 16);
/** Of a message; what the relay asks a provider with while none is due has another, or none. */
export const isTarget = (target: string | undefined): target is string =>
  target?.startsWith(LIVE) === true || target?.startsWith(DEAD) === true;
export const isDead = (target: string): boolean => target.startsWith(DEAD);

/** How often each target was met. */
export class Counts {
  #counts = new Uint8Array(1 << 16);
  total = 0;

  add(target: string): void {
    const index = indexOf(target);
    if (index >= this.#counts.length) {
      const grown = new Uint8Array(Math.max(index + 1, this.#counts.length * 2));
      grown.set(this.#counts);
      this.#counts = grown;
    }
    this.#counts[index] = Math.min(255, (this.#counts[index] ?? 0) + 1);
    this.total++;
  }

  snapshot(): Uint8Array {
    return this.#counts.slice();
  }
}
