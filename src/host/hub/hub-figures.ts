import { sinkCounts } from '../../feedback/event-sinks.ts';
import type { FeedbackHook } from '../../feedback/hook.ts';
import { countNotes } from '../../hub/analytics/roll-notes.ts';
import { incidentKinds } from '../../hub/incidents/timers.ts';
import { SCHEDULE_DUE } from '../../hub/schedules/schedule-rows.ts';
import { DIGEST_DUE } from '../../hub/sends/digests/digest-items.ts';
import type { HubEvents } from '../../hub/sends/hub-events.ts';
import { NO_CHANNEL_DUE } from '../../hub/sends/no-channel.ts';
import { PAGE_DUE, PEOPLE_DUES } from '../../hub/sends/person-due.ts';
import { countHandovers } from '../../hub/sends/rows/handover-rows.ts';
import { countHeads } from '../../hub/storage/head-counts.ts';
import type { HubStore } from '../../hub/storage/storage.ts';
import type { StoreObserver } from '../../hub/storage/store-observer.ts';
import { TASK_DUE } from '../../hub/tasks/daily/daily-timers.ts';
import { countDue, countUnclaimed } from '../../hub/timers/due-rows.ts';
import { background } from '../../kit/background.ts';
import { within } from '../../kit/within.ts';
import type { HubCounts } from '../../observe/metrics/hub-counts.ts';
import type { HeadCount, HubBacklog, HubReading } from '../../observe/metrics/hub-series.ts';
import type { FullConfig } from '../../providers/registry.ts';

export interface HubFiguresParts {
  readonly store: HubStore;
  readonly counts: HubCounts;
  readonly sends: { readonly underWay: number };
  readonly removals: { readonly pauses: ReadonlyMap<string, number> };
  readonly isUp: () => boolean;
  readonly relay: { readonly hook: Pick<FeedbackHook, 'byApp'> };
  readonly config: Pick<FullConfig, 'hub'>;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** A timer is overdue after this. */
const GRACE_MS = 60_000;
/** Someone should have taken a timer that was due so long ago. */
const UNCLAIMED_MS = 5000;
const KINDS = [...PEOPLE_DUES, PAGE_DUE, DIGEST_DUE, NO_CHANNEL_DUE, ...incidentKinds, TASK_DUE, SCHEDULE_DUE] as const;
/** What the store was asked for is good for this long, however many ask. */
const FRESH_MS = 5000;
/** A scrape waits for the store no longer. */
const WAIT_MS = 1000;
/** People and devices are counted so often, and only while there are scrapes. */
const HEADS_MS = 600_000;

/** What the hub tells of sends and of its store, for the counts. */
export const countsListener = (counts: HubCounts): Required<HubEvents> & StoreObserver => ({
  decided: (some) => counts.decided(some),
  engaged: (some) => counts.engaged(some),
  counted: (fact) => counts.counted(fact),
  tookOver: (decisions) => counts.tookOver(decisions),
  toldOfTasks: (fact) => counts.toldOfTasks(fact),
  ranSchedule: (fact) => counts.ranSchedule(fact),
  wrote: (ms) => counts.wrote(ms),
  committed: (works) => counts.committed(works),
  failed: (works) => counts.failed(works),
  unreadable: (kind) => counts.unreadable(kind),
});

/** What the series of the hub are read from: counters of this process, and a few questions to the store that are cheap and asked rarely. */
export class HubFigures {
  readonly #parts: HubFiguresParts;
  #backlog: { readonly at: number; readonly asked: Promise<HubBacklog | undefined> } | undefined;
  #heads: readonly HeadCount[] = [];
  #headsAt = Number.NEGATIVE_INFINITY;

  constructor(parts: HubFiguresParts) {
    this.#parts = parts;
  }

  readonly read = async (): Promise<HubReading> => {
    const { counts, sends, removals, isUp, relay, config, now } = this.#parts;
    this.#countHeads();
    const backlog = await within(WAIT_MS, this.#ask()).catch(() => undefined);
    return {
      ...{
        counts,
        isUp: isUp(),
        backlog,
        underWay: sends.underWay,
        heads: this.#heads,
        sinks: sinkCounts(Object.keys(config.hub.sinks), relay.hook),
      },
      removals: new Map([...removals.pauses].map(([app, until]) => [app, until > now()])),
    };
  };

  #ask(): Promise<HubBacklog | undefined> {
    const at = this.#parts.now();
    if (this.#backlog && Math.abs(at - this.#backlog.at) < FRESH_MS) return this.#backlog.asked;
    const asked = this.#readBacklog().catch(() => undefined);
    this.#backlog = { at, asked };
    return asked;
  }

  async #readBacklog(): Promise<HubBacklog> {
    const { store, now } = this.#parts;
    const { waiting: due, overdue } = await countDue(store.db, now(), GRACE_MS);
    const late = await countUnclaimed(store.db, now(), UNCLAIMED_MS);
    const unclaimed = new Map(KINDS.map((kind) => [kind, late.get(kind) ?? 0]));
    return { due, overdue, unclaimed, handovers: await countHandovers(store.db), notes: await countNotes(store.db) };
  }

  #countHeads(): void {
    const at = this.#parts.now();
    if (Math.abs(at - this.#headsAt) < HEADS_MS) return;
    this.#headsAt = at;
    background(
      countHeads(this.#parts.store).then((heads) => {
        this.#heads = heads;
      }),
      // The store is away, and says so by itself: the next scrape asks again.
      () => {
        this.#headsAt = Number.NEGATIVE_INFINITY;
      },
    );
  }
}
