import type { QueueHealth } from './queue.ts';
import { QueueRefusedError } from './queue-refused-error.ts';

export interface QueueRoomOptions {
  /** Notifications that may be unsettled at a time (`core.queue_num`). A larger request is taken when nothing else waits. */
  readonly limit: number;
  /** Bytes of the heap that they may take (request-cost.ts); default: any number. */
  readonly maxCost?: number | undefined;
  /** How many apps there are; default: one. */
  readonly apps?: (() => number) | undefined;
}

/** What waits, in both measures. */
export interface TakenRoom {
  readonly notifications: number;
  /** Bytes. */
  readonly cost: number;
}

/** Of the whole, when there are several apps: what one may hold, and what is kept for all of them in equal parts. */
const SHARE = 0.5;
const KEPT = 0.25;

const MIB = 2 ** 20;

/**
 * One measure of what waits, divided among apps. With one app the whole is its own. With several, each has a reserve that the
 * others cannot take away, and beyond it a share of the rest: however much one sends, others find room.
 */
class Measure {
  readonly #limit: number;
  readonly #apps: () => number;
  readonly #held = new Map<string, number>();
  #reserve = 0;
  #total = 0;
  /** Of the total, what apps hold within their reserves. */
  #reserved = 0;

  constructor(limit: number, apps: () => number) {
    this.#limit = limit;
    this.#apps = apps;
  }

  get total(): number {
    return this.#total;
  }

  of(app: string): number {
    return this.#held.get(app) ?? 0;
  }

  fits(app: string, more: number): boolean {
    if (this.#total === 0) return true;
    const apps = this.#apps();
    if (apps <= 1) return this.#total + more <= this.#limit;
    this.#divide((this.#limit * KEPT) / apps);
    const own = this.of(app);
    if (own + more <= this.#reserve) return true;
    const common = this.#total - this.#reserved;
    const isShare = own === 0 || own + more <= this.#limit * SHARE;
    return isShare && common + more <= this.#limit * (1 - KEPT);
  }

  /** @param more negative: it is settled */
  add(app: string, more: number): void {
    const before = this.of(app);
    const after = before + more;
    this.#total += more;
    this.#reserved += Math.min(after, this.#reserve) - Math.min(before, this.#reserve);
    if (after > 0) this.#held.set(app, after);
    else this.#held.delete(app);
  }

  #divide(reserve: number): void {
    if (reserve === this.#reserve) return;
    this.#reserve = reserve;
    this.#reserved = 0;
    for (const held of this.#held.values()) this.#reserved += Math.min(held, reserve);
  }
}

/** How much may wait, in notifications and in what they take of the heap: of all apps together and of each. */
export class QueueRoom {
  readonly #limit: number;
  readonly #maxCost: number;
  readonly #notifications: Measure;
  readonly #cost: Measure;

  constructor({ limit, maxCost = Number.POSITIVE_INFINITY, apps = () => 1 }: QueueRoomOptions) {
    this.#limit = limit;
    this.#maxCost = maxCost;
    this.#notifications = new Measure(limit, apps);
    this.#cost = new Measure(maxCost, apps);
  }

  get held(): TakenRoom {
    return { notifications: this.#notifications.total, cost: this.#cost.total };
  }

  /** Whether something that was accepted before may be taken into memory: what it costs alone counts. */
  hasRoomFor(cost: number): boolean {
    return this.#cost.total === 0 || this.#cost.total + cost <= this.#maxCost;
  }

  /** Takes room for a request of which each entry costs `cost`. @throws QueueRefusedError; then nothing is taken */
  take(entries: readonly { readonly app: string }[], cost: number): void {
    // Nearly every request is for one app.
    const apps = entries.length === 1 ? undefined : countByApp(entries);
    if (apps === undefined || apps.size === 1) this.#refuseUnlessFits(entries[0]?.app ?? '', entries.length, cost);
    else for (const [app, count] of apps) this.#refuseUnlessFits(app, count, cost);
    for (const { app } of entries) this.add(app, cost);
  }

  /** One notification more, whether there is room or not. */
  add(app: string, cost: number): void {
    this.#notifications.add(app, 1);
    this.#cost.add(app, cost);
  }

  /** One that is settled. */
  give(app: string, cost: number): void {
    this.#notifications.add(app, -1);
    this.#cost.add(app, -cost);
  }

  /** By what is left: `warn` above nine tenths, `fail` when full. */
  health(): QueueHealth {
    return headroom(this.#notifications.total, this.#limit);
  }

  #refuseUnlessFits(app: string, count: number, cost: number): void {
    if (!this.#notifications.fits(app, count)) throw this.#full(app);
    if (!this.#cost.fits(app, count * cost))
      throw new QueueRefusedError(
        `the queue is full: ${Math.round(this.#cost.total / MIB)} MiB of memory are taken by what waits`,
      );
  }

  #full(app: string): QueueRefusedError {
    const { total } = this.#notifications;
    const own = this.#notifications.of(app);
    const whose = own < total ? `, ${own} of them for the app ${app}` : '';
    return new QueueRefusedError(
      `the queue is full: ${total} of ${this.#limit} notifications wait${whose} (core.queue_num)`,
    );
  }
}

function countByApp(entries: readonly { readonly app: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { app } of entries) counts.set(app, (counts.get(app) ?? 0) + 1);
  return counts;
}

/**
 * For a queue that other processes fill as well: who fills it is not known.
 * @throws QueueRefusedError when `more` notifications do not fit; a request larger than the queue fits an empty one.
 */
export function refuseWhenFull(size: number, more: number, limit: number): void {
  if (size > 0 && size + more > limit) {
    throw new QueueRefusedError(`the queue is full: ${size} of ${limit} notifications wait (core.queue_num)`);
  }
}

/** Health by room left: `warn` above nine tenths, `fail` when full. */
export function headroom(size: number, limit: number): QueueHealth {
  if (size < limit * 0.9) return { status: 'pass' };
  return { status: size < limit ? 'warn' : 'fail', output: `${size} of ${limit} notifications wait (core.queue_num)` };
}
