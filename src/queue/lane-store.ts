import { Fifo } from '../kit/fifo.ts';
import { Schedule } from '../kit/schedule.ts';
import { vital } from '../kit/vital.ts';
import type { LaneId } from '../push/lane-id.ts';
import type { TargetGroup } from '../push/targets.ts';
import type { Attempts, Batch, QueueDepth, QueueEntry } from './queue.ts';
import { NO_ATTEMPTS } from './queue.ts';
import { isWithdrawn, type Withdrawal } from './withdrawal.ts';

/** A group of targets that is handed out slice by slice from `next` on. */
interface Waiting {
  readonly entry: QueueEntry;
  readonly lane: LaneId;
  readonly kind: TargetGroup['kind'];
  targets: readonly string[];
  places: readonly number[] | undefined;
  readonly offset: number;
  readonly attempts: Attempts;
  next: number;
}

/** After this many urgent batches in a row an ordinary one has its turn. */
const URGENT_RUN = 8;
/** Retries that are taken up in one turn of the event loop. */
const MOST_RELEASED = 5000;
/** A setTimeout of more than this fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

class LaneList {
  readonly id: LaneId;
  readonly #urgent = new Fifo<Waiting>();
  readonly #ordinary = new Fifo<Waiting>();
  readonly deferred = new Schedule<Waiting>();
  #run = 0;
  waiting = 0;
  deferredPushes = 0;
  entries = 0;

  constructor(id: LaneId) {
    this.id = id;
  }

  add(work: Waiting): void {
    if (work.targets.length === 0) return;
    (work.entry.urgent ? this.#urgent : this.#ordinary).push(work);
    this.waiting += work.targets.length - work.next;
  }

  /** What is due now waits like the others; at most so many batches. @returns how many there were */
  release(now: number, most: number): number {
    for (let released = 0; released < most; released++) {
      const work = this.deferred.takeDue(now);
      if (!work) return released;
      this.deferredPushes -= work.targets.length;
      this.add(work);
    }
    return most;
  }

  /** Takes out what is of these targets. */
  withdraw(withdrawal: Withdrawal): Batch[] {
    const taken: Batch[] = [];
    for (const list of [this.#urgent, this.#ordinary])
      list.retain((work) => {
        const gone = withdrawn(work, withdrawal);
        if (!gone) return true;
        taken.push(gone);
        this.waiting -= gone.targets.length;
        return work.targets.length > 0;
      });
    for (const work of this.deferred) {
      const gone = withdrawn(work, withdrawal);
      if (!gone) continue;
      taken.push(gone);
      this.deferredPushes -= gone.targets.length;
    }
    return taken;
  }

  #pick(): Fifo<Waiting> | undefined {
    if (this.#urgent.length === 0) return this.#ordinary.length > 0 ? this.#ordinary : undefined;
    if (this.#ordinary.length > 0 && this.#run >= URGENT_RUN) return this.#ordinary;
    return this.#urgent;
  }

  /** A slice of the first notification, which then goes behind the others: a huge one does not hold up the lane. */
  take(limit: number): Batch | undefined {
    const list = this.#pick();
    if (!list) return undefined;
    this.#run = list === this.#urgent ? this.#run + 1 : 0;
    const work = list.shift() as Waiting;
    const from = work.next;
    const to = Math.min(work.targets.length, from + Math.min(limit, work.entry.slice));
    work.next = to;
    if (to < work.targets.length) list.push(work);
    this.waiting -= to - from;
    const whole = from === 0 && to === work.targets.length;
    return {
      entry: work.entry,
      lane: work.lane,
      kind: work.kind,
      targets: whole ? work.targets : work.targets.slice(from, to),
      ...(work.places ? { places: whole ? work.places : work.places.slice(from, to) } : {}),
      offset: work.offset + from,
      attempts: work.attempts,
    };
  }
}

export interface LaneStoreOptions {
  /** Called when a lane has something to take. */
  readonly wake: (lane: LaneId) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** What waits in memory, lane by lane: ready in order of arrival (urgent first), or deferred to a time. */
export class LaneStore {
  readonly #lanes = new Map<string, LaneList>();
  readonly #entries = new Set<QueueEntry>();
  readonly #wake: (lane: LaneId) => void;
  readonly #now: () => number;
  readonly #due = vital('taking up retries', () => this.#release());
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor({ wake, now = () => performance.now() }: LaneStoreOptions) {
    this.#wake = wake;
    this.#now = now;
  }

  /** Entries not wholly settled. */
  get size(): number {
    return this.#entries.size;
  }

  /** `isDone`: places (see `placeOf`) that were settled before, for an entry that comes back from a file or a broker. */
  add(entry: QueueEntry, isDone?: (place: number) => boolean): void {
    this.#entries.add(entry);
    let offset = 0;
    for (const { kind, targets, places, lane = entry.lane } of entry.groups) {
      const work = { entry, lane, kind, targets, places, offset, attempts: NO_ATTEMPTS, next: 0 };
      this.#lane(lane).add(isDone ? withoutDone(work, isDone) : work);
      offset += targets.length;
    }
    for (const lane of lanesOf(entry)) {
      this.#lane(lane).entries++;
      this.#wake(lane);
    }
  }

  take(lane: LaneId, limit: number): Batch | undefined {
    return this.#lanes.get(lane.key)?.take(limit);
  }

  /** True when that was the entry's last open target. */
  settle(batch: Batch, count: number): boolean {
    const { entry } = batch;
    entry.open -= count;
    if (entry.open > 0) return false;
    this.#entries.delete(entry);
    for (const lane of lanesOf(entry)) this.#lane(lane).entries--;
    return true;
  }

  defer(batch: Batch, at: number): void {
    const { entry, lane = entry.lane, kind, targets, places, offset, attempts } = batch;
    const list = this.#lane(lane);
    list.deferred.add(at, { entry, lane, kind, targets, places, offset, attempts, next: 0 });
    list.deferredPushes += targets.length;
    this.#arm(at);
  }

  /** Gives out what waits, ready or deferred, and is of these targets, as `take` would. */
  withdraw(withdrawal: Withdrawal): Batch[] {
    return [...this.#lanes.values()].flatMap((lane) =>
      lane.id.app === withdrawal.app ? lane.withdraw(withdrawal) : [],
    );
  }

  depth(lane?: LaneId): QueueDepth {
    const lists = lane === undefined ? [...this.#lanes.values()] : [this.#lane(lane)];
    const sum = { notifications: 0, waiting: 0, deferred: 0 };
    for (const list of lists) {
      sum.notifications += list.entries;
      sum.waiting += list.waiting;
      sum.deferred += list.deferredPushes;
    }
    return sum;
  }

  oldestAge(): number {
    // Insertion order is not quite order of age (entries taken over from a file), but the first is never far off the oldest.
    const [first] = this.#entries;
    return first ? Math.max(0, this.#now() - first.since) : 0;
  }

  /** Wakes each lane that has something to take. */
  wakeAll(): void {
    for (const lane of this.#lanes.values()) if (lane.waiting > 0) this.#wake(lane.id);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #lane(id: LaneId): LaneList {
    let lane = this.#lanes.get(id.key);
    if (!lane) {
      lane = new LaneList(id);
      this.#lanes.set(id.key, lane);
    }
    return lane;
  }

  #arm(at: number): void {
    if (at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(this.#due, Math.min(LONGEST_TIMER, Math.max(0, at - this.#now())));
    this.#timer.unref();
  }

  #release(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#now();
    let next = Number.POSITIVE_INFINITY;
    let left = MOST_RELEASED;
    for (const lane of this.#lanes.values()) {
      const released = lane.release(now, left);
      if (released > 0) this.#wake(lane.id);
      left -= released;
      // What is due and has to wait for the next turn keeps its time, which is over.
      next = Math.min(next, lane.deferred.next() ?? next);
    }
    if (next < Number.POSITIVE_INFINITY) this.#arm(next);
  }
}

/** The lanes that targets of an entry take: one, but for a provider whose targets say where they are sent. */
function lanesOf({ lane, groups }: QueueEntry): readonly LaneId[] {
  if (groups.every((group) => group.lane === undefined)) return [lane];
  return [...new Map(groups.map((group) => [(group.lane ?? lane).key, group.lane ?? lane])).values()];
}

/** What of a group is of these targets, which then has it no more; undefined: nothing. */
function withdrawn(work: Waiting, withdrawal: Withdrawal): Batch | undefined {
  const { entry, lane, kind, offset, attempts, next } = work;
  if (!work.targets.some((target, index) => index >= next && isWithdrawn(withdrawal, target))) return undefined;
  const indexes = [...work.targets.keys()].slice(next);
  const { true: gone, false: left = [] } = Object.groupBy(indexes, (index): 'true' | 'false' =>
    isWithdrawn(withdrawal, work.targets[index] as string) ? 'true' : 'false',
  );
  if (!gone) return undefined;
  const targetsAt = (some: readonly number[]): string[] => some.map((index) => work.targets[index] as string);
  const placesOf = (some: readonly number[]): number[] => some.map((index) => work.places?.[index] ?? offset + index);
  const batch = { entry, lane, kind, targets: targetsAt(gone), places: placesOf(gone), offset: 0, attempts };
  [work.targets, work.places, work.next] = [targetsAt(left), placesOf(left), 0];
  return batch;
}

function withoutDone(work: Waiting, isDone: (place: number) => boolean): Waiting {
  const targets: string[] = [];
  const places: number[] = [];
  work.targets.forEach((target, i) => {
    const place = work.places?.[i] ?? work.offset + i;
    if (isDone(place)) return;
    targets.push(target);
    places.push(place);
  });
  return { ...work, targets, places };
}
