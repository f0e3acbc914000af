/**
 * Tasks that take turns: those of one name run one after another, in the order they came; others are not kept waiting. A name can
 * be held for a while. Names without a task and without a hold are forgotten, so memory is bounded by what is under way.
 */
export class Turns {
  readonly #now: () => number;
  /** The last task of each name. */
  readonly #last = new Map<string, Promise<void>>();
  readonly #running = new Set<Promise<void>>();
  /** UNIX milliseconds until which a name is held. */
  readonly #heldUntil = new Map<string, number>();

  /** @param now UNIX milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Runs the task when its turn comes; without a name at once. The task never rejects. */
  run(name: string | undefined, task: () => Promise<void>): Promise<void> {
    const before = name === undefined ? undefined : this.#last.get(name);
    const done = before ? before.then(task) : task();
    this.#running.add(done);
    if (name !== undefined) this.#last.set(name, done);
    return done.then(() => {
      this.#running.delete(done);
      if (name !== undefined && this.#last.get(name) === done) this.#last.delete(name);
    });
  }

  /** Holds a name for so many milliseconds; undefined: leaves it as it is. */
  hold(name: string | undefined, ms: number | undefined): void {
    if (name === undefined || ms === undefined) return;
    const now = this.#now();
    for (const [each, until] of this.#heldUntil) if (until <= now) this.#heldUntil.delete(each);
    this.#heldUntil.set(name, now + ms);
  }

  /** Milliseconds for which the name is still held. */
  heldMs(name: string | undefined): number {
    if (name === undefined) return 0;
    return Math.max(0, (this.#heldUntil.get(name) ?? 0) - this.#now());
  }

  /** Resolves when nothing runs and nothing waits. */
  async onIdle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
