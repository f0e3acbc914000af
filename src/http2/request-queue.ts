import type { Burst } from './http2-pool.ts';

interface Work {
  readonly burst: Burst;
  next: number;
  readonly since: number;
}

interface Replay {
  readonly burst: Burst;
  readonly index: number;
  readonly refusals: number;
  readonly since: number;
}

/**
 * Requests that wait for a stream: bursts in the order they came, each with a cursor, and before them those that the peer
 * provably did not process.
 */
export class RequestQueue {
  /** Requests waiting. */
  waiting = 0;
  /** What `take` took. */
  burst!: Burst;
  index = 0;
  refusals = 0;

  #works: Work[] = [];
  #head = 0;
  #replays: Replay[] = [];

  add(burst: Burst, now: number): void {
    if (burst.count <= 0) return;
    this.#works.push({ burst, next: 0, since: now });
    this.waiting += burst.count;
  }

  addReplay(burst: Burst, index: number, refusals: number, since: number): void {
    this.#replays.push({ burst, index, refusals, since });
    this.waiting++;
  }

  /** The next request, into `burst`, `index` and `refusals`. Only while `waiting` > 0. */
  take(): void {
    this.waiting--;
    if (this.#replays.length > 0) {
      const replay = this.#replays.shift()!;
      this.burst = replay.burst;
      this.index = replay.index;
      this.refusals = replay.refusals;
      return;
    }
    const work = this.#works[this.#head]!;
    this.burst = work.burst;
    this.index = work.next++;
    this.refusals = 0;
    if (work.next >= work.burst.count) this.#dropHead();
  }

  /** Takes out everything that has waited since before `limit`, oldest first. */
  expire(limit: number, onExpired: (burst: Burst, index: number) => void): void {
    const late = this.#replays.filter(({ since }) => since <= limit);
    this.#replays = this.#replays.filter(({ since }) => since > limit);
    this.waiting -= late.length;
    const lateWorks: Work[] = [];
    for (let work = this.#works[this.#head]; work && work.since <= limit; work = this.#works[this.#head]) {
      this.#dropHead();
      this.waiting -= work.burst.count - work.next;
      lateWorks.push(work);
    }
    // Told last: a burst may submit again from its callback, and that one has not waited yet.
    for (const { burst, index } of late) onExpired(burst, index);
    for (const { burst, next } of lateWorks) for (let i = next; i < burst.count; i++) onExpired(burst, i);
  }

  #dropHead(): void {
    this.#works[this.#head++] = undefined as never;
    if (this.#head === this.#works.length) {
      this.#works = [];
      this.#head = 0;
    } else if (this.#head >= 1024 && this.#head * 2 > this.#works.length) {
      this.#works = this.#works.slice(this.#head);
      this.#head = 0;
    }
  }
}
