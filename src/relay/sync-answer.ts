import type { Failed, Settlement, TargetKind } from '../push/push.ts';
import { type PushEntry, pushEntry } from '../push/push-entry.ts';
import type { QueueEntry } from '../queue/queue.ts';

/** What became of the attempts that have ended: how many there were, and how the last one failed. */
interface Tried {
  readonly attempts: number;
  readonly last?: Failed;
}

/** Targets of an entry that had no outcome in time, all of them tried alike. */
export interface OpenTargets extends Tried {
  readonly entry: QueueEntry;
  readonly kind: TargetKind;
  readonly targets: readonly string[];
}

const UNTRIED: Tried = Object.freeze({ attempts: 0 });

/** What a sync request waits for: which targets are still open, and the failures told so far. */
export class SyncAnswer {
  readonly logs: PushEntry[] = [];
  readonly #hideMessages: boolean;
  /** By place among the targets of the entry. */
  readonly #open = new Map<QueueEntry, Map<number, Tried>>();
  #resolve: (() => void) | undefined;

  constructor(entries: readonly QueueEntry[], hideMessages = false) {
    this.#hideMessages = hideMessages;
    for (const entry of entries)
      this.#open.set(entry, new Map(Array.from({ length: entry.open }, (_, place) => [place, UNTRIED])));
  }

  tell(settlement: Settlement): void {
    settlement.outcomes.forEach((outcome, index) => {
      if (outcome.kind === 'failed') this.logs.push(pushEntry(settlement, index, this.#hideMessages));
    });
  }

  /** These will be tried again. @param attempts how often each was sent */
  retried(entry: QueueEntry, places: readonly number[], attempts: number, last: Failed): void {
    const tried = { attempts, last };
    const open = this.#open.get(entry);
    for (const place of places) if (open?.has(place)) open.set(place, tried);
  }

  settled(entry: QueueEntry, places: readonly number[]): void {
    const open = this.#open.get(entry);
    if (!open) return;
    for (const place of places) open.delete(place);
    if (open.size === 0) this.#open.delete(entry);
  }

  /** Call after `settled` and `tell`: ends the wait when nothing is open. */
  check(): void {
    if (this.#open.size === 0) this.giveUp();
  }

  giveUp(): void {
    this.#resolve?.();
  }

  /** Resolves when all targets are settled, or after `ms`, with those that are not. */
  async wait(ms: number): Promise<OpenTargets[]> {
    if (this.#open.size > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
        timer = setTimeout(resolve, ms);
      });
      clearTimeout(timer);
    }
    return [...this.#open].flatMap(([entry, places]) => openTargets(entry, places));
  }
}

function openTargets(entry: QueueEntry, open: ReadonlyMap<number, Tried>): OpenTargets[] {
  let offset = 0;
  return entry.groups.flatMap(({ kind, targets }) => {
    const start = offset;
    offset += targets.length;
    const alike = Map.groupBy(targets.keys(), (index) => open.get(start + index));
    return [...alike].flatMap(([tried, indexes]) =>
      tried ? [{ ...tried, entry, kind, targets: indexes.map((index) => targets[index] as string) }] : [],
    );
  });
}
