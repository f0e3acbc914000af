import { isDeepStrictEqual } from 'node:util';
import { mergePatch } from '../../kit/json/merge-patch.ts';
import { isFaulty } from '../../kit/json/readers.ts';
import { unprocessableText } from '../../kit/refusal.ts';
import type { NoticeIntake, TakenNotice } from '../notifications/notices.ts';
import { type ActorName, auditChanges } from '../storage/audit.ts';
import type { RowPage } from '../storage/row-page.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import { revOf, spoiltOr } from '../storage/unreadable.ts';
import type { DueWork } from '../timers/due-rows.ts';
import { noticeOrder } from './notice-order.ts';
import { type GivenSchedule, parseSchedule } from './parse-schedule.ts';
import {
  aboutSchedule,
  type HubSchedule,
  type ScheduleDoc,
  type ScheduleOutcome,
  ScheduleRefusal,
} from './schedule.ts';
import {
  deleteSchedule,
  listSchedules,
  loadSchedule,
  notePeople,
  SCHEDULE_DUE,
  type SchedulesQuery,
  saveSchedule,
} from './schedule-rows.ts';
import { ScheduleRuns } from './schedule-runs.ts';
import { scheduleBody } from './schedule-view.ts';
import { nextTime } from './timing.ts';

export interface SchedulesParts {
  readonly store: HubStore;
  readonly notices: NoticeIntake;
  /** By whose clock an app's schedules are that do not say so. */
  readonly zoneOf: (app: string) => string;
  /** What came of a time, after the commit. */
  readonly ran?: ((app: string, outcome: ScheduleOutcome) => void) | undefined;
  /** When this process began, UNIX milliseconds. */
  readonly startedAt: number;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

export interface ScheduleChange {
  readonly app: string;
  readonly id: string;
  readonly by: ActorName;
  /** Throws when a change of the resource in this version is not wanted; undefined: it is not there. */
  readonly expect?: ((rev: number | undefined) => void) | undefined;
}

export interface ScheduleResult {
  readonly schedule: HubSchedule;
  readonly created: boolean;
}

const noSchedule = (): ScheduleRefusal => new ScheduleRefusal('not_found', 'there is no such schedule');

/** What is sent again and again, each time once over all instances. */
export class Schedules {
  readonly #parts: SchedulesParts;
  readonly #runs: ScheduleRuns;

  constructor(parts: SchedulesParts) {
    this.#parts = parts;
    this.#runs = new ScheduleRuns(parts);
  }

  get(app: string, id: string): Promise<HubSchedule | undefined> {
    return loadSchedule(this.#parts.store.db, this.#parts.store.seal, app, id);
  }

  list(asked: SchedulesQuery): Promise<RowPage<HubSchedule>> {
    return listSchedules(this.#parts.store.db, this.#parts.store.seal, asked);
  }

  /** Says all of it, but that `enabled` stays where it is left out. @throws ScheduleRefusal 422 */
  put(change: ScheduleChange, json: unknown): Promise<ScheduleResult> {
    const given = this.#read(change.app, json);
    return this.#change(change, () => given);
  }

  /** Lays a merge patch (RFC 7396) over it. @throws ScheduleRefusal 404, 422 */
  patch(change: ScheduleChange, json: unknown): Promise<ScheduleResult> {
    return this.#change(change, (before) => {
      if (!before) throw noSchedule();
      return this.#read(change.app, mergePatch(scheduleBody(before.doc) as never, json as never));
    });
  }

  /** Takes back what has not left of it. @returns whether it was there */
  async remove({ app, id, by, expect }: ScheduleChange): Promise<boolean> {
    const { store, notices, now } = this.#parts;
    const ended = await store.write(async (tx) => {
      const before = await spoiltOr(loadSchedule(tx, store.seal, app, id));
      expect?.(revOf(before));
      if (!before) return undefined;
      const then = await notices.end(tx, { app, about: aboutSchedule(id), reason: 'cancelled' });
      await deleteSchedule(tx, app, id);
      await auditChanges(tx, store.seal, [
        { app, at: now(), by, action: 'schedule.deleted', target: `schedule:${id}` },
      ]);
      return then;
    });
    ended?.();
    return ended !== undefined;
  }

  /**
   * Sends it now, also where it is off; it goes on as if that had not been.
   * @param keep done in the same transaction
   * @throws ScheduleRefusal 404
   */
  async runNow(
    app: string,
    id: string,
    keep: (tx: HubDb, taken: TakenNotice) => Promise<void> = async () => {},
  ): Promise<TakenNotice> {
    const { store, notices } = this.#parts;
    const known = await this.get(app, id);
    if (!known) throw noSchedule();
    const presences = await this.#runs.presences(known);
    const taken = await store.write(async (tx) => {
      const schedule = await loadSchedule(tx, store.seal, app, id);
      if (!schedule) throw noSchedule();
      const notice = await notices.take(tx, noticeOrder(schedule), presences);
      await keep(tx, notice);
      return notice;
    });
    taken.deliver();
    return taken;
  }

  /** Work of timers, by kind. */
  get works(): Readonly<Record<typeof SCHEDULE_DUE, DueWork>> {
    return { [SCHEDULE_DUE]: this.#runs.run };
  }

  #read(app: string, json: unknown): GivenSchedule {
    const given = parseSchedule(json, this.#parts.zoneOf(app));
    if (isFaulty(given)) throw new ScheduleRefusal('unprocessable', unprocessableText(given), given);
    return given;
  }

  async #change(
    change: ScheduleChange,
    read: (before: HubSchedule | undefined) => GivenSchedule,
  ): Promise<ScheduleResult> {
    const { store, notices, now: clock } = this.#parts;
    const { app, id, by, expect } = change;
    const result = await store.write(async (tx) => {
      const before = await loadSchedule(tx, store.seal, app, id);
      expect?.(before?.rev);
      const given = read(before);
      const doc: ScheduleDoc = { ...given, enabled: given.enabled ?? before?.doc.enabled ?? true };
      if (before && isDeepStrictEqual(before.doc, doc)) return { schedule: before, created: false };
      const now = clock();
      const schedule = changed({ app, id, doc, now }, before);
      await saveSchedule(tx, store.seal, schedule, true);
      await notePeople(tx, schedule);
      const action = before ? 'schedule.changed' : 'schedule.created';
      await auditChanges(tx, store.seal, [{ app, at: now, by, action, target: `schedule:${id}` }]);
      return { schedule, created: !before };
    });
    const { next_at: at } = result.schedule;
    if (at !== null) notices.nudge(at);
    return result;
  }
}

interface Changing {
  readonly app: string;
  readonly id: string;
  readonly doc: ScheduleDoc;
  readonly now: number;
}

const timingOf = ({ cron, every, at, timezone }: ScheduleDoc) => ({ cron, every, at, timezone });

function changed({ app, id, doc, now }: Changing, before: HubSchedule | undefined): HubSchedule {
  const isRetimed = !before || !isDeepStrictEqual(timingOf(before.doc), timingOf(doc));
  const anchor = isRetimed ? now : before.anchor;
  const last = { last_at: before?.last_at ?? null, last_notification: before?.last_notification ?? null };
  const hasRun = !isRetimed && before.doc.at !== undefined && before.next_at === null && before.doc.enabled;
  return {
    ...{ app, id, doc, anchor, ...last, rev: (before?.rev ?? 0) + 1 },
    next_at: doc.enabled && !hasRun ? firstTime(doc, anchor, now, isRetimed ? undefined : before) : null,
    ...{ created_at: before?.created_at ?? now, updated_at: now },
  };
}

/** Times that passed while it was off are not made up; a single one that is over when it is said is, where that is asked for. */
function firstTime(doc: ScheduleDoc, anchor: number, now: number, before: HubSchedule | undefined): number | null {
  if (before?.doc.enabled && before.next_at !== null) return before.next_at;
  const wasSent = before !== undefined && before.last_at !== null && before.last_at === Date.parse(doc.at ?? '');
  if (doc.at !== undefined && Date.parse(doc.at) <= now) return doc.catch_up === 'latest' && !wasSent ? now : null;
  return nextTime({ ...doc, anchor }, now) ?? null;
}
