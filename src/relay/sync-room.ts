import { SharedMeasure } from '../kit/shares/shared-measure.ts';
import { QueueRefusedError } from '../queue/queue-refused-error.ts';
import { answerCost } from './entries-cost.ts';
import type { Plan } from './plan.ts';

export interface SyncRoomOptions {
  /** Bytes of the heap that the answers of sync requests may take together, those included that their callers have not read. */
  readonly maxCost: number;
  /** How many apps there are, which share the room; default: one. */
  readonly apps?: (() => number) | undefined;
}

/** What a sync request is answered about. */
export type Answered = Pick<Plan, 'entries' | 'refused'>;

/** Gives the room back; may be called again. */
export type Release = () => void;

/**
 * What sync requests may take of the heap: 200,000 failures are 60 MB, as long as the slowest caller reads them. Divided among apps
 * as the queue is; a request that is larger than the room is taken when there is no other.
 */
export class SyncRoom {
  readonly #measure: SharedMeasure;

  constructor({ maxCost, apps = () => 1 }: SyncRoomOptions) {
    this.#measure = new SharedMeasure(maxCost, apps);
  }

  /** Bytes. */
  get taken(): number {
    return this.#measure.total;
  }

  /** @throws QueueRefusedError when there is no room: nothing is taken */
  take({ entries, refused }: Answered): Release {
    const byApp = new Map<string, number>();
    const count = (app: string, cost: number): unknown => byApp.set(app, (byApp.get(app) ?? 0) + cost);
    for (const { app, notification, open } of entries) count(app, answerCost(notification, open));
    for (const { app, notification, targets } of refused) count(app, answerCost(notification, targets.length));
    const costs = [...byApp].map(([app, cost]) => ({ app, cost }));
    for (const { app, cost } of costs)
      if (!this.#measure.fits(app, cost))
        throw new QueueRefusedError(
          `sync requests that wait for outcomes or whose answers are not read yet take all the memory that there is for ${app}`,
        );
    for (const { app, cost } of costs) this.#measure.add(app, cost);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      for (const { app, cost } of costs) this.#measure.add(app, -cost);
    };
  }
}
