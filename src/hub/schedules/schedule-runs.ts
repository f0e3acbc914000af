/** Sends what schedules say when it is time: once each time over all instances, and the last of several that were missed. */
import type { NoticeIntake, Presences } from '../notifications/notices.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import { type ClaimedDue, type DueWork, finishDue } from '../timers/due-rows.ts';
import { noticeOrder } from './notice-order.ts';
import type { HubSchedule, ScheduleOutcome } from './schedule.ts';
import { loadSchedule, saveSchedule, scheduleOfRef } from './schedule-rows.ts';
import { lastTime, nextTime } from './timing.ts';

export interface ScheduleRunsParts {
  readonly store: HubStore;
  readonly notices: NoticeIntake;
  readonly ran?: ((app: string, outcome: ScheduleOutcome) => void) | undefined;
  readonly startedAt: number;
  readonly now: () => number;
}

/** What was due so long before the process began was missed. */
const MISSED_MS = 60_000;
/** Of more people it is not asked who is there. */
const MOST_ASKED = 500;

export class ScheduleRuns {
  readonly #parts: ScheduleRunsParts;

  constructor(parts: ScheduleRunsParts) {
    this.#parts = parts;
  }

  /** Timers of the kind SCHEDULE_DUE: beside each other, so that they share a commit. */
  readonly run: DueWork = async (rows) => {
    const results = await Promise.allSettled(rows.map((row) => this.#due(row)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  };

  async presences({ app, doc }: HubSchedule): Promise<Presences> {
    const { users = [] } = doc.notification.to;
    return users.length > MOST_ASKED ? new Map() : this.#parts.notices.presence(app, users);
  }

  async #due(row: ClaimedDue): Promise<void> {
    const { store, notices, ran } = this.#parts;
    const known = await loadSchedule(store.db, store.seal, row.app, scheduleOfRef(row.ref));
    const presences = known ? await this.presences(known) : new Map();
    const done = await store.write(async (tx) => {
      await finishDue(tx, row);
      return this.#time(tx, row, presences);
    });
    if (!done) return;
    done.deliver();
    ran?.(row.app, done.outcome);
    if (done.nextAt !== null) notices.nudge(done.nextAt);
  }

  /** Undefined: the schedule is another one by now. */
  async #time(tx: HubDb, row: ClaimedDue, presences: Presences) {
    const { store, notices, startedAt, now: clock } = this.#parts;
    const before = await loadSchedule(tx, store.seal, row.app, scheduleOfRef(row.ref));
    if (!before?.doc.enabled || before.next_at !== row.at) return undefined;
    const now = clock();
    const { doc, anchor } = before;
    const timing = { ...doc, anchor };
    const isMissed = doc.catch_up === 'none' && row.at < startedAt - MISSED_MS;
    const taken = isMissed ? undefined : await notices.take(tx, noticeOrder(before), presences);
    const next = doc.at === undefined ? (nextTime(timing, now) ?? null) : null;
    const after: HubSchedule = {
      ...{ ...before, rev: before.rev + 1, next_at: next },
      ...(taken ? { last_at: lastTime(timing, now) ?? row.at, last_notification: taken.id } : {}),
    };
    await saveSchedule(tx, store.seal, after, true);
    return { nextAt: next, outcome: taken ? ('sent' as const) : ('missed' as const), deliver: () => taken?.deliver() };
  }
}
