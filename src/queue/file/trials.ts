/**
 * Brings back what was in hand when processes ended (deaths.ts): after everything else, in groups that are smaller the more deaths a
 * record has, in the end alone. So what ends the process is found in a few starts, and the others are delivered meanwhile.
 *
 * - shut: the other records are still being brought back. → between.
 * - between: nothing of a group is in hand. → trying, with the next group; → waiting when there is no room in memory for it.
 * - trying: a group is in hand. → between once all of it is settled, when what is not waits in its lane, or after a while.
 * - waiting: → trying when something was settled.
 * - closed.
 *
 * A record that waits in its lane (for a retry, a rate limit, a provider that is away) is not in hand, and is again when it is taken.
 */
import { background } from '../../kit/background.ts';
import { vital } from '../../kit/vital.ts';
import type { HandMarks, Suspect } from './deaths.ts';

export interface TrialsOptions {
  readonly deaths: HandMarks;
  /** Brings one back. False: there is no room for it in memory, and nothing happened. */
  readonly begin: (held: Suspect) => boolean;
  /** Writes now what is settled: the next death must not count for it, nor send it again. */
  readonly write: () => void | Promise<void>;
}

/** Records of a group, by the deaths of each. */
const SIZES: Readonly<Record<number, number>> = { 2: 256, 3: 16 };

export const groupSize = (deaths: number): number => SIZES[deaths] ?? 1;
/** After so many milliseconds what no lane has taken is waiting for something, and what was taken may take long. */
const REST_MS = 250;
const LONGEST_MS = 5000;
const LOOK_MS = 50;

const pushesOf = (held: readonly Suspect[]): number => held.reduce((sum, { pushes }) => sum + pushes, 0);

/** At once where nothing has to be waited for. */
function after(step: void | Promise<void>, next: () => void): void {
  if (step) background(step.then(vital('bringing held back requests back', next)));
  else next();
}

type State = 'shut' | 'between' | 'trying' | 'waiting' | 'closed';

export class Trials {
  readonly #options: TrialsOptions;
  readonly #turn = vital('bringing held back requests back', () => this.#next());
  readonly #looks = vital('bringing held back requests back', () => this.#look());
  #state: State = 'shut';
  #held: Suspect[] = [];
  #pushes = 0;
  /** Targets that are out, of each record that was brought back and is not settled. */
  readonly #out = new Map<number, number>();
  /** Marked in the file as in hand. */
  readonly #marked = new Set<number>();
  #group: readonly number[] = [];
  #looked = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TrialsOptions) {
    this.#options = options;
  }

  /** Records that are still in the file alone, and their targets. */
  get left(): { readonly records: number; readonly pushes: number } {
    return { records: this.#held.length, pushes: this.#pushes };
  }

  /** False: no record is one to look after; the usual case, asked for each batch. */
  get isActive(): boolean {
    return this.#out.size > 0;
  }

  add(held: readonly Suspect[]): void {
    if (held.length === 0) return;
    this.#pushes += pushesOf(held);
    this.#held = [...this.#held, ...held].sort((a, b) => a.deaths - b.deaths || a.key - b.key);
    if (this.#state === 'between') this.#plan();
  }

  /** Everything else is back. */
  open(): void {
    if (this.#state !== 'shut') return;
    this.#state = 'between';
    this.#plan();
  }

  roomWasMade(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'between';
    this.#plan();
  }

  /** Some targets of a record were taken. */
  taken(key: number, targets: number): void {
    const out = this.#out.get(key);
    if (out === undefined) return;
    this.#out.set(key, out + targets);
    background(this.#mark([key]) ?? undefined);
  }

  /** They came back: settled, or to wait. */
  returned(key: number, targets: number): void {
    const out = this.#out.get(key);
    if (out === undefined) return;
    this.#out.set(key, out - targets);
    if (out === targets && !this.#group.includes(key)) this.#rest([key]);
  }

  /** The record is settled or set aside, and its marks with it. */
  gone(key: number): void {
    if (!this.#out.delete(key)) return;
    this.#marked.delete(key);
    if (this.#state === 'trying' && this.#group.length > 0 && this.#group.every((each) => !this.#out.has(each)))
      this.#finish();
  }

  close(): void {
    this.#state = 'closed';
    clearInterval(this.#timer);
  }

  #plan(): void {
    if (this.#held.length > 0) setImmediate(this.#turn);
  }

  #next(): void {
    if (this.#state !== 'between' || this.#held.length === 0) return;
    this.#state = 'trying';
    after(this.#options.write(), () => this.#try());
  }

  #try(): void {
    if (this.#state !== 'trying') return;
    const group = this.#takeGroup();
    this.#group = group.map(({ key }) => key);
    this.#looked = 0;
    for (const key of this.#group) this.#out.set(key, 0);
    after(this.#mark(this.#group), () => this.#bringBack(group));
  }

  #bringBack(group: readonly Suspect[]): void {
    if (this.#state !== 'trying') return;
    const begun = this.#begin(group);
    if (begun < group.length) {
      const left = group.slice(begun);
      this.#held = [...left, ...this.#held];
      this.#pushes += pushesOf(left);
      for (const { key } of left) this.#out.delete(key);
      this.#rest(left.map(({ key }) => key));
      this.#group = this.#group.slice(0, begun);
    }
    if (begun === 0) {
      this.#state = 'waiting';
      return;
    }
    if (this.#group.every((key) => !this.#out.has(key))) this.#finish();
    else this.#timer = setInterval(this.#looks, LOOK_MS).unref();
  }

  #takeGroup(): Suspect[] {
    const deaths = this.#held[0]?.deaths ?? 0;
    const size = groupSize(deaths);
    const end = this.#held.findIndex((held, index) => index >= size || held.deaths !== deaths);
    const group = this.#held.splice(0, end < 0 ? this.#held.length : end);
    this.#pushes -= pushesOf(group);
    return group;
  }

  /** @returns how many there was room for */
  #begin(group: readonly Suspect[]): number {
    const refused = group.findIndex((held) => !this.#options.begin(held));
    return refused < 0 ? group.length : refused;
  }

  #look(): void {
    const looked = ++this.#looked * LOOK_MS;
    if (looked < REST_MS) return;
    this.#rest(this.#group.filter((key) => this.#out.get(key) === 0));
    const isOut = this.#group.some((key) => (this.#out.get(key) ?? 0) > 0);
    if (!isOut || looked >= LONGEST_MS) this.#finish();
  }

  #finish(): void {
    clearInterval(this.#timer);
    this.#group = [];
    this.#state = 'between';
    this.#plan();
  }

  #mark(keys: readonly number[]): void | Promise<void> {
    const fresh = keys.filter((key) => !this.#marked.has(key));
    if (fresh.length === 0) return;
    for (const key of fresh) this.#marked.add(key);
    return this.#options.deaths.inHand(fresh);
  }

  #rest(keys: readonly number[]): void {
    const marked = keys.filter((key) => this.#marked.delete(key));
    if (marked.length > 0) this.#options.deaths.atRest(marked);
  }
}
