/**
 * Large requests are answered at the pace at which pushes leave: while very many wait in each lane that a request goes to, its answer is
 * held back, so that callers who post one large request after another do not fill the memory with what cannot be sent yet. The request
 * is accepted and kept by then; the answer comes when few enough wait, or after a while, whatever waits.
 */
import { vital } from '../kit/vital.ts';
import type { LaneId } from '../push/lane-id.ts';
import type { QueueEntry } from '../queue/queue.ts';

export interface AnswerPaceOptions {
  /** Pushes that wait for their turn in a lane. */
  readonly waiting: (lane: LaneId) => number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** Pushes of a request whose answer may be held back. */
export const LARGE = 1000;
/** Pushes that wait in a lane: with fewer, more are welcome. */
export const ENOUGH = 10_000;
/** Milliseconds for which an answer is held back at most: less than any caller gives up after, as giving up means sending it all again. */
const MOST_MS = 500;
const LOOK_MS = 25;

interface Held {
  readonly pushes: number;
  /** Pushes that may wait in a lane: one request alone, however large, waits for no other. */
  readonly enough: number;
  readonly lanes: readonly LaneId[];
  readonly until: number;
  readonly go: () => void;
}

export class AnswerPace {
  readonly #waiting: (lane: LaneId) => number;
  readonly #now: () => number;
  readonly #looks = vital('answering large requests', () => this.#look());
  /** First come, first answered. */
  #held: Held[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({ waiting, now = () => performance.now() }: AnswerPaceOptions) {
    this.#waiting = waiting;
    this.#now = now;
  }

  /** When a request that was accepted may be answered; undefined: at once. */
  hold(entries: readonly QueueEntry[]): Promise<void> | undefined {
    const pushes = entries.reduce((sum, { open }) => sum + open, 0);
    if (pushes < LARGE || this.#closed) return undefined;
    const lanes = lanesOf(entries);
    const enough = Math.max(ENOUGH, pushes);
    if (lanes.some((lane) => this.#waiting(lane) <= enough)) return undefined;
    return new Promise((go) => {
      this.#held.push({ pushes, enough, lanes, until: this.#now() + MOST_MS, go });
      this.#timer ??= setInterval(this.#looks, LOOK_MS);
    });
  }

  /** Everything is answered now. */
  close(): void {
    this.#closed = true;
    for (const { go } of this.#held.splice(0)) go();
    clearInterval(this.#timer);
  }

  /** As many as the lanes have room for if each caller now posts as much again. */
  #look(): void {
    const now = this.#now();
    const waiting = new Map<string, number>();
    this.#held = this.#held.filter(({ pushes, enough, lanes, until, go }) => {
      for (const lane of lanes) if (!waiting.has(lane.key)) waiting.set(lane.key, this.#waiting(lane));
      if (now < until && lanes.every(({ key }) => (waiting.get(key) as number) > enough)) return true;
      for (const { key } of lanes) waiting.set(key, (waiting.get(key) as number) + pushes);
      go();
      return false;
    });
    if (this.#held.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

const lanesOf = (entries: readonly QueueEntry[]): LaneId[] => [
  ...new Map(entries.map(({ lane }) => [lane.key, lane])).values(),
];
