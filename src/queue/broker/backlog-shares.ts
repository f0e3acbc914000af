import { SharedMeasure } from '../../kit/shares/shared-measure.ts';
import { countByApp, queueIsFull } from '../queue-room.ts';

/**
 * What the broker keeps, by app, as far as this instance knows: what it published and what it was handed. Of messages that other
 * instances published and hold, the sum alone is known; they are of no app.
 */
export class BacklogShares {
  readonly #limit: number;
  readonly #known: SharedMeasure;
  /** Published here, and handed neither to this instance nor, as far as is known, to another. */
  readonly #awaited = new Map<string, number>();
  #allAwaited = 0;

  /** @param limit of all messages (`core.queue_num`) */
  constructor(limit: number, apps: () => number = () => 1) {
    this.#limit = limit;
    this.#known = new SharedMeasure(limit, apps);
  }

  of(app: string): number {
    return this.#known.of(app);
  }

  /** @param size of the whole backlog. @throws QueueRefusedError; a request larger than the queue fits an empty one */
  refuseUnlessFits(entries: readonly { readonly app: string }[], size: number): void {
    for (const [app, count] of countByApp(entries)) {
      if (this.#known.fits(app, count, size)) continue;
      throw queueIsFull({ size, own: this.of(app), app, limit: this.#limit });
    }
  }

  /** @param messages negative: the broker did not take them */
  published(app: string, messages: number): void {
    this.#known.add(app, messages);
    this.#await(app, messages);
  }

  /** A message is this instance's now, published here or elsewhere. */
  handed(app: string): void {
    if (this.#awaited.has(app)) this.#await(app, -1);
    else this.#known.add(app, 1);
  }

  /** It is the broker's again. */
  handedBack(app: string): void {
    this.#await(app, 1);
  }

  settled(app: string): void {
    this.#known.add(app, -1);
  }

  /** The broker has no more than `size`: what is counted beyond that, other instances have settled. */
  correct(size: number): void {
    const gone = Math.min(this.#known.total - size, this.#allAwaited);
    if (gone <= 0) return;
    const part = gone / this.#allAwaited;
    for (const [app, count] of [...this.#awaited]) {
      const less = Math.min(count, Math.ceil(count * part));
      this.#await(app, -less);
      this.#known.add(app, -less);
    }
  }

  #await(app: string, more: number): void {
    const after = Math.max(0, (this.#awaited.get(app) ?? 0) + more);
    this.#allAwaited += after - (this.#awaited.get(app) ?? 0);
    if (after > 0) this.#awaited.set(app, after);
    else this.#awaited.delete(app);
  }
}
