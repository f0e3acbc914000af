import type { Failed, Settlement, TargetKind } from '../push/push.ts';
import { type PushEntry, pushEntry } from '../push/push-entry.ts';
import { targetCount } from '../push/targets.ts';
import type { QueueEntry } from '../queue/queue.ts';
import { requestFacts } from './request-facts.ts';

/** What became of the attempts that have ended: how many there were, and how the last one failed. */
interface Tried {
  readonly attempts: number;
  readonly last?: Failed;
}

/** Targets of an entry that had no outcome in time, all of them tried alike. */
interface OpenTargets extends Tried {
  readonly entry: QueueEntry;
  readonly kind: TargetKind;
  readonly targets: readonly string[];
}

const UNTRIED: Tried = Object.freeze({ attempts: 0 });

const PENDING: Failed = {
  kind: 'failed',
  category: 'pending',
  reason: 'Pending',
  error: 'no outcome within core.sync_timeout; delivery goes on',
};

/** What a sync request waits for: which targets are still open, and the failures so far. */
export class SyncAnswer {
  readonly #logs: PushEntry[] = [];
  readonly #hideMessages: boolean;
  /** By place among the targets of the entry. */
  readonly #open = new Map<QueueEntry, Map<number, Tried>>();
  #resolve: (() => void) | undefined;

  constructor(entries: readonly QueueEntry[], hideMessages = false) {
    this.#hideMessages = hideMessages;
    for (const entry of entries)
      this.#open.set(entry, new Map(Array.from({ length: entry.open }, (_, place) => [place, UNTRIED])));
  }

  /** Targets that failed for good. */
  note(settlement: Settlement): void {
    settlement.outcomes.forEach((outcome, index) => {
      if (outcome.kind === 'failed') this.#logs.push(pushEntry(settlement, index, this.#hideMessages));
    });
  }

  /** These will be tried again. @param attempts how often each was sent */
  retried(entry: QueueEntry, places: readonly number[], attempts: number, last: Failed): void {
    const tried = { attempts, last };
    const open = this.#open.get(entry);
    for (const place of places) if (open?.has(place)) open.set(place, tried);
  }

  /** These places of an entry have ended as the settlement says; the wait ends when nothing is open. */
  settled(entry: QueueEntry, places: readonly number[], settlement: Settlement): void {
    this.note(settlement);
    const open = this.#open.get(entry);
    for (const place of places) open?.delete(place);
    if (open?.size === 0) this.#open.delete(entry);
    if (this.#open.size === 0) this.giveUp();
  }

  giveUp(): void {
    this.#resolve?.();
  }

  /** The failures once all targets are settled, or after `ms`, with an entry for each that is not. @param now monotonic milliseconds */
  async logs(ms: number, now: () => number): Promise<readonly PushEntry[]> {
    if (this.#open.size > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
        timer = setTimeout(resolve, ms);
      });
      clearTimeout(timer);
    }
    for (const [entry, places] of this.#open)
      for (const open of openTargets(entry, places)) this.note(pending(open, now()));
    return this.#logs;
  }
}

function openTargets(entry: QueueEntry, open: ReadonlyMap<number, Tried>): OpenTargets[] {
  let offset = 0;
  return entry.groups.flatMap(({ kind, targets, places }) => {
    const start = offset;
    offset += targets.length;
    const alike = Map.groupBy(targets.keys(), (index) => open.get(places?.[index] ?? start + index));
    return [...alike].flatMap(([tried, indexes]) =>
      tried ? [{ ...tried, entry, kind, targets: indexes.map((index) => targets[index] as string) }] : [],
    );
  });
}

function pending({ entry, kind, targets, attempts, last }: OpenTargets, now: number): Settlement {
  const { request, app, platform, provider, environment, notification, since, targetForm, groups } = entry;
  const outcome = last ? { ...PENDING, error: `${PENDING.error}; last: ${last.error}` } : PENDING;
  return {
    ...requestFacts(request),
    app,
    platform,
    provider,
    environment,
    notification,
    kind,
    targets,
    targetForm,
    total: targetCount(groups),
    outcomes: targets.map(() => outcome),
    attempts,
    timing: { acceptedAt: request.acceptedAt, ageMs: now - since },
  };
}
