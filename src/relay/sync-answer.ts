import type { Settlement, TargetKind } from '../push/push.ts';
import { type PushEntry, pushEntry } from '../push/push-entry.ts';
import type { QueueEntry } from '../queue/queue.ts';

/** Targets of an entry that had no outcome in time. */
export interface OpenTargets {
  readonly entry: QueueEntry;
  readonly kind: TargetKind;
  readonly targets: readonly string[];
}

/** What a sync request waits for: which targets are still open, and the failures told so far. */
export class SyncAnswer {
  readonly logs: PushEntry[] = [];
  readonly #hideMessages: boolean;
  readonly #open = new Map<QueueEntry, Set<number>>();
  #resolve: (() => void) | undefined;

  constructor(entries: readonly QueueEntry[], hideMessages = false) {
    this.#hideMessages = hideMessages;
    for (const entry of entries)
      this.#open.set(entry, new Set(Array.from({ length: entry.open }, (_, place) => place)));
  }

  tell(settlement: Settlement): void {
    settlement.outcomes.forEach((outcome, index) => {
      if (outcome.kind === 'failed') this.logs.push(pushEntry(settlement, index, this.#hideMessages));
    });
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

function openTargets(entry: QueueEntry, places: ReadonlySet<number>): OpenTargets[] {
  let offset = 0;
  return entry.groups.flatMap(({ kind, targets }) => {
    const open = targets.filter((_, i) => places.has(offset + i));
    offset += targets.length;
    return open.length > 0 ? [{ entry, kind, targets: open }] : [];
  });
}
