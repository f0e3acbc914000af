import type { HubStore } from '../../storage/storage.ts';

export interface SignsOfLifeOptions {
  readonly store: HubStore;
  /** Of this run of this process. */
  readonly instance: string;
  readonly monotonic: () => number;
}

/** An instance whose mark has not changed for so long is taken for dead. */
const SILENCE_MS = 10_000;
/** Below it: others may not have taken this one for dead. Marks are given every three seconds. */
const SURE_MS = 7000;
/** The mark of one that was silent for so long goes. */
const FORGOTTEN_MS = 3_600_000;
const MARK = 'instance:';

interface Seen {
  readonly mark: string;
  /** Monotonic milliseconds at which it was seen for the first time. */
  readonly at: number;
}

/** By which instances of the hub know of each other that they live: a mark of each in the store, which it changes all the time. */
export class SignsOfLife {
  readonly #options: SignsOfLifeOptions;
  readonly #seen = new Map<string, Seen>();
  #count = 0;
  #others = 0;
  /** Monotonic milliseconds of the last sign; undefined: none was given yet. */
  #givenAt: number | undefined;
  /** When the last silence ended that others may have seen. */
  #silentUntil = Number.NEGATIVE_INFINITY;

  constructor(options: SignsOfLifeOptions) {
    this.#options = options;
  }

  /** Changes the mark of this instance. */
  async give(): Promise<void> {
    const { store, instance, monotonic } = this.#options;
    const value = String(++this.#count);
    await store.write(async (tx) => {
      await tx
        .insertInto('meta')
        .values({ key: MARK + instance, value })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
        .execute();
    });
    if (this.#isSilent()) this.#silentUntil = monotonic();
    this.#givenAt = monotonic();
  }

  /** Whether others can know of this instance. */
  get isGiven(): boolean {
    return this.#givenAt !== undefined;
  }

  /** Whether others may have taken this instance for dead since then, monotonic milliseconds: it stood still, or the store was away. */
  isDoubtful(since: number): boolean {
    return this.#isSilent() || this.#silentUntil > since;
  }

  #isSilent(): boolean {
    return this.#givenAt !== undefined && this.#options.monotonic() - this.#givenAt > SURE_MS;
  }

  /** Instances that live, as far as is known here; this one among them. One that was not seen before lives until it is silent. */
  async living(): Promise<string[]> {
    const { store, instance, monotonic } = this.#options;
    const rows = await store.db.selectFrom('meta').selectAll().where('key', 'like', `${MARK}%`).execute();
    const now = monotonic();
    const marks = new Map(rows.map(({ key, value }) => [key.slice(MARK.length), value]));
    for (const name of this.#seen.keys()) if (!marks.has(name)) this.#seen.delete(name);
    for (const [name, mark] of marks) if (this.#seen.get(name)?.mark !== mark) this.#seen.set(name, { mark, at: now });
    const others = [...this.#seen].filter(([name, { at }]) => name !== instance && now - at < SILENCE_MS);
    this.#others = others.length;
    return [instance, ...others.map(([name]) => name)];
  }

  /** Whether there were others when it was last looked. */
  get hasOthers(): boolean {
    return this.#others > 0;
  }

  /** Removes marks of instances that ended long ago. */
  async forget(): Promise<void> {
    const { store, instance, monotonic } = this.#options;
    const gone = [...this.#seen].filter(([name, { at }]) => name !== instance && monotonic() - at > FORGOTTEN_MS);
    if (gone.length === 0) return;
    await store.write(async (tx) => {
      for (const [name, { mark }] of gone)
        await tx
          .deleteFrom('meta')
          .where('key', '=', MARK + name)
          .where('value', '=', mark)
          .execute();
    });
  }

  /** This instance ends: what it leaves is taken over at once. */
  async end(): Promise<void> {
    const { store, instance } = this.#options;
    await store
      .write((tx) =>
        tx
          .deleteFrom('meta')
          .where('key', '=', MARK + instance)
          .execute(),
      )
      .catch(() => {
        // The store is away; the mark grows old by itself.
      });
  }
}
