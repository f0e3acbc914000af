import type { LaneId } from '../../push/lane-id.ts';
import type { LaneStore } from '../lane-store.ts';

/** Targets that wait ready at this instance while others might take them; and messages asked for at once. */
const READY_TARGETS = 1000;
const MOST_WANTED = 256;
/** A lane that took nothing for so long is stuck (rate limit, breaker): what waits in it holds up no other lane. */
const STUCK_MS = 1000;

/** How many more messages an instance takes on: few, where its lanes move and others could take them. */
export class Prefetch {
  readonly #store: LaneStore;
  readonly #limit: number;
  readonly #now: () => number;
  readonly #lastTake = new Map<string, { readonly lane: LaneId; at: number }>();

  /** @param limit messages that one instance may have under way, whatever became of them. */
  constructor(store: LaneStore, limit: number, now: () => number) {
    this.#store = store;
    this.#limit = limit;
    this.#now = now;
  }

  took(lane: LaneId): void {
    const last = this.#lastTake.get(lane.key);
    if (last) last.at = this.#now();
    else this.#lastTake.set(lane.key, { lane, at: this.#now() });
  }

  room(held: number): number {
    const moving = this.#now() - STUCK_MS;
    let ready = 0;
    for (const { lane, at } of this.#lastTake.values()) if (at > moving) ready += this.#store.depth(lane).waiting;
    return Math.max(0, Math.min(MOST_WANTED, READY_TARGETS - ready, this.#limit - held));
  }
}
