import { toSeconds } from '../../kit/seconds.ts';
import type { Sample } from './family.ts';
import { Histogram } from './histogram.ts';
import { MOST_APPS, OTHER } from './push-counts.ts';
import { StreamCounts } from './stream-counts.ts';

/** A decision that came to a state, or several alike. */
export interface DecidedFact {
  readonly app: string;
  readonly channel: string;
  readonly state: string;
  readonly reason: string | null;
  /** Default 1. */
  readonly count?: number;
  /** Of an answer of a provider: milliseconds since it was due. */
  readonly ms?: number | undefined;
}

/** What a person did with a notification. */
export interface EngagedFact {
  readonly app: string;
  readonly event: string;
}

/** People of a notification who were decided about for the first time. */
export interface CountedFact {
  readonly app: string;
  /** How many counted as what. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** Notices of a type that the hub has made by itself. */
export interface ToldFact {
  readonly app: string;
  readonly type: string;
  readonly count: number;
}

/** What came of a time of a schedule. */
export interface RanFact {
  readonly app: string;
  readonly outcome: string;
}

/** Of one commit. One work alone is most of them. */
const COMMIT_BOUNDS = [1, 2, 5, 10, 20, 50, 100, 200, 500];

class Tally {
  readonly #names: readonly string[];
  readonly #counts = new Map<string, { readonly labels: Sample['labels']; value: number }>();

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** @param values of the labels, in the order of their names */
  add(count: number, ...values: string[]): void {
    const key = values.join('\0');
    const known = this.#counts.get(key);
    if (known) known.value += count;
    else
      this.#counts.set(key, {
        labels: Object.fromEntries(this.#names.map((name, i) => [name, values[i] as string])),
        value: count,
      });
  }

  samples(): Sample[] {
    return [...this.#counts.values()].map(({ labels, value }) => ({ labels, value }));
  }
}

/** What the hub has done since the start of this process, for its series. Labels are bounded as those of pushes are. */
export class HubCounts {
  readonly streams = new StreamCounts();
  readonly writes = new Histogram();
  readonly commits = new Histogram(COMMIT_BOUNDS);
  readonly #words: ReadonlySet<string>;
  readonly #apps = new Set<string>();
  readonly #decisions = new Tally(['app', 'channel', 'state', 'reason']);
  readonly #engagements = new Tally(['app', 'event']);
  readonly #answers = new Map<string, Histogram>();
  readonly #recipients = new Tally(['app', 'outcome']);
  readonly #taskNotices = new Tally(['app', 'type']);
  readonly #scheduleTimes = new Tally(['app', 'outcome']);
  readonly #unreadable = new Tally(['kind']);
  #takenOver = 0;
  #storeFailures = 0;

  /** @param words reasons that are labels */
  constructor(words: ReadonlySet<string>) {
    this.#words = words;
  }

  decided(some: readonly DecidedFact[]): void {
    for (const { app, channel, state, reason, count = 1, ms } of some) {
      const word = reason === null ? '' : this.#words.has(reason) ? reason : OTHER;
      this.#decisions.add(count, this.appLabel(app), channel, state, word);
      if (ms !== undefined) this.#answered(channel, ms);
    }
  }

  engaged(some: readonly EngagedFact[]): void {
    for (const { app, event } of some) this.#engagements.add(1, this.appLabel(app), event);
  }

  counted({ app, outcomes }: CountedFact): void {
    for (const [outcome, count] of Object.entries(outcomes))
      if (count > 0) this.#recipients.add(count, this.appLabel(app), outcome);
  }

  tookOver(decisions: number): void {
    this.#takenOver += decisions;
  }

  toldOfTasks({ app, type, count }: ToldFact): void {
    this.#taskNotices.add(count, this.appLabel(app), type);
  }

  ranSchedule({ app, outcome }: RanFact): void {
    this.#scheduleTimes.add(1, this.appLabel(app), outcome);
  }

  /** Something that was to be written is on the disk. */
  wrote(ms: number): void {
    this.writes.observe(toSeconds(ms), 1);
  }

  committed(works: number): void {
    this.commits.observe(works, 1);
  }

  /** Works that could not be written. */
  failed(works: number): void {
    this.#storeFailures += works;
  }

  /** Something that the store keeps cannot be opened. */
  unreadable(kind: string): void {
    this.#unreadable.add(1, kind);
  }

  get unreadables(): Sample[] {
    return this.#unreadable.samples();
  }

  get engagements(): Sample[] {
    return this.#engagements.samples();
  }

  /** From when it was due to the answer, by channel. */
  get answers(): ReadonlyMap<string, Histogram> {
    return this.#answers;
  }

  #answered(channel: string, ms: number): void {
    const known = this.#answers.get(channel) ?? new Histogram();
    this.#answers.set(channel, known);
    known.observe(toSeconds(Math.max(0, ms)), 1);
  }

  get decisions(): Sample[] {
    return this.#decisions.samples();
  }

  get recipients(): Sample[] {
    return this.#recipients.samples();
  }

  get taskNotices(): Sample[] {
    return this.#taskNotices.samples();
  }

  get scheduleTimes(): Sample[] {
    return this.#scheduleTimes.samples();
  }

  get takenOver(): number {
    return this.#takenOver;
  }

  get storeFailures(): number {
    return this.#storeFailures;
  }

  /** The label of an app: those that come first have one of their own. */
  appLabel(app: string): string {
    if (this.#apps.has(app)) return app;
    if (this.#apps.size >= MOST_APPS) return OTHER;
    this.#apps.add(app);
    return app;
  }
}
