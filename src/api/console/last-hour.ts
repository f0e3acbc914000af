import type { Frame } from './frame.ts';
import type { Reading, ReasonReading } from './reading.ts';

/** What the charts of the last hour show of some seconds. */
export interface HourPoint extends Pick<Frame, 'at' | 'rates' | 'latency'> {
  /** Notifications in the queue. */
  readonly depth: number;
}

const HOUR_MS = 3_600_000;
/** What failed is known to the minute. */
const MARK_MS = 60_000;

interface Mark {
  readonly at: number;
  readonly counts: ReadonlyMap<string, number>;
}

const keyOf = ({ app, provider, environment, category, reason, outcome }: ReasonReading): string =>
  JSON.stringify([app, provider, environment, category, reason, outcome]);

const countsOf = (reasons: readonly ReasonReading[]): ReadonlyMap<string, number> =>
  new Map(reasons.map((each) => [keyOf(each), each.count]));

/** The last hour of the charts, and how often each reason was counted in it. */
export class LastHour {
  #points: HourPoint[] = [];
  #marks: Mark[] = [];
  /** The first mark is an hour old; before that, all that is counted is of the last hour. */
  #hasHour = false;

  get points(): readonly HourPoint[] {
    return this.#points;
  }

  /** The time of the last point; undefined: there is none. */
  get lastAt(): number | undefined {
    return this.#points.at(-1)?.at;
  }

  add(frame: Frame, reading: Reading): void {
    const { at, rates, latency, queue } = frame;
    const point = { at, rates, latency, depth: queue.depth };
    this.#points = [...this.#points.filter((each) => each.at > at - HOUR_MS), point];
    const last = this.#marks.at(-1);
    if (last && at - last.at < MARK_MS) return;
    const marks = [...this.#marks, { at, counts: countsOf(reading.reasons) }];
    // The newest of those that are older than an hour: the hour begins there.
    const begin = marks.findLastIndex((mark) => mark.at <= at - HOUR_MS);
    this.#hasHour ||= begin >= 0;
    this.#marks = marks.slice(Math.max(0, begin));
  }

  /** What was counted in the last hour; of a process that is younger, all. */
  countedIn({ reasons }: Reading): readonly ReasonReading[] {
    const first = this.#hasHour ? this.#marks[0] : undefined;
    return reasons
      .map((each) => ({ ...each, count: Math.max(0, each.count - (first?.counts.get(keyOf(each)) ?? 0)) }))
      .filter(({ count }) => count > 0);
  }
}
