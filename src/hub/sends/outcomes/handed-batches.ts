import type { NotedAbout } from '../../analytics/roll-notes.ts';
import type { HandedTarget, Handover } from '../rows/handover-rows.ts';

/** A batch that this process handed over, with what is still to be heard of it. */
export interface HandedBatch extends Pick<Handover, 'app' | 'batch' | 'notification' | 'hop' | 'channel' | 'dueAt'> {
  /** By target as the carrier has it: those of which nothing final was heard. */
  readonly targets: Map<string, HandedTarget>;
  /** What its decisions have as theirs; undefined: not all of them the same. */
  readonly platform: string | null | undefined;
  /** Its notification is for one person. */
  readonly isToOne: boolean;
  /** Nothing of its notification is to come but what it carries. */
  readonly isLast: boolean;
  /** Its notification. */
  readonly about: NotedAbout;
  /** A target was accepted, and a verdict about it is to come: the row stays. */
  awaitsVerdict: boolean;
}

/** Batches under way, so that an outcome needs no question to the store; those of a former process are found there. */
export class HandedBatches {
  readonly #batches = new Map<string, HandedBatch>();
  /** Batches of each notification. */
  readonly #counts = new Map<string, number>();
  #targets = 0;

  /** Targets of which nothing final was heard. */
  get size(): number {
    return this.#targets;
  }

  add(batch: HandedBatch): void {
    this.#batches.set(key(batch), batch);
    this.#targets += batch.targets.size;
    this.#count(batch, 1);
  }

  /** Batches of a notification that have targets left. */
  countOf(app: string, notification: string): number {
    return this.#counts.get(key({ app, batch: notification })) ?? 0;
  }

  get(app: string, batch: string): HandedBatch | undefined {
    return this.#batches.get(key({ app, batch }));
  }

  /** A target has ended. */
  end(batch: HandedBatch, target: string, awaitsVerdict: boolean): void {
    if (!batch.targets.delete(target)) return;
    this.#targets--;
    batch.awaitsVerdict ||= awaitsVerdict;
    if (batch.targets.size === 0) this.delete(batch);
  }

  /** Forgets a batch that was not handed over after all. */
  delete(batch: HandedBatch): void {
    if (!this.#batches.delete(key(batch))) return;
    this.#targets -= batch.targets.size;
    this.#count(batch, -1);
  }

  #count({ app, notification }: HandedBatch, by: number): void {
    const name = key({ app, batch: notification });
    const count = (this.#counts.get(name) ?? 0) + by;
    if (count > 0) this.#counts.set(name, count);
    else this.#counts.delete(name);
  }
}

const key = ({ app, batch }: Pick<Handover, 'app' | 'batch'>): string => `${app}\n${batch}`;
