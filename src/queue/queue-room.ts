import { SharedMeasure } from '../kit/shares/shared-measure.ts';
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

const MIB = 2 ** 20;

/** How much may wait, in notifications and in what they take of the heap: of all apps together and of each. */
export class QueueRoom {
  readonly #limit: number;
  readonly #maxCost: number;
  readonly #notifications: SharedMeasure;
  readonly #cost: SharedMeasure;

  constructor({ limit, maxCost = Number.POSITIVE_INFINITY, apps = () => 1 }: QueueRoomOptions) {
    this.#limit = limit;
    this.#maxCost = maxCost;
    this.#notifications = new SharedMeasure(limit, apps);
    this.#cost = new SharedMeasure(maxCost, apps);
  }

  get held(): TakenRoom {
    return { notifications: this.#notifications.total, cost: this.#cost.total };
  }

  /** Whether something that was accepted before may be taken into memory: what it costs alone counts. */
  hasRoomFor(cost: number): boolean {
    return this.#cost.total === 0 || this.#cost.total + cost <= this.#maxCost;
  }

  /** Whether one notification more of an app finds room. */
  fits(app: string, cost: number): boolean {
    return this.#notifications.fits(app, 1) && this.#cost.fits(app, cost);
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
    return queueIsFull({
      size: this.#notifications.total,
      own: this.#notifications.of(app),
      app,
      limit: this.#limit,
    });
  }
}

/** @param own of `size` notifications, those of `app` */
export function queueIsFull(found: { size: number; own: number; app: string; limit: number }): QueueRefusedError {
  const { size, own, app, limit } = found;
  const whose = own > 0 && own < size ? `, ${own} of them for the app ${app}` : '';
  return new QueueRefusedError(`the queue is full: ${size} of ${limit} notifications wait${whose} (core.queue_num)`);
}

export function countByApp(entries: readonly { readonly app: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { app } of entries) counts.set(app, (counts.get(app) ?? 0) + 1);
  return counts;
}

/** Health by room left: `warn` above nine tenths, `fail` when full. */
export function headroom(size: number, limit: number): QueueHealth {
  if (size < limit * 0.9) return { status: 'pass' };
  return { status: size < limit ? 'warn' : 'fail', output: `${size} of ${limit} notifications wait (core.queue_num)` };
}
