/** Tells people of their tasks when it is time: reminders, what is overdue, a digest. Once for each person, kind and local date. */
import type { NoticeOrder } from '../../notifications/notices.ts';
import type { HubDb } from '../../storage/storage.ts';
import { type ClaimedDue, type Due, finishAllDue, setDue } from '../../timers/due-rows.ts';
import type { TaskParts } from '../task-parts.ts';
import { tasksToDo } from '../task-rows.ts';
import { type DailyNotice, dailyNotices } from './daily-notices.ts';
import { type DailyRef, dailyOfRef, dateAt, nextFor, zonesFor } from './daily-timers.ts';
import { knownAmong, noteTold, toldFor } from './told-rows.ts';

export interface DailyWorkParts extends TaskParts {
  /** When this process began, UNIX milliseconds. */
  readonly startedAt: number;
}

/** Timers a transaction: the process does nothing else meanwhile. */
const AT_ONCE = 25;
/** What was due so long before the process began is not made up. */
const MISSED_MS = 60_000;

interface Timer extends DailyRef {
  readonly row: ClaimedDue;
}

/** What a timer comes to. */
interface Daily {
  readonly notices: readonly DailyNotice[];
  /** The date of which people heard; undefined: there was nothing to hear. */
  readonly told: (DailyRef & { readonly date: string }) | undefined;
  readonly next: Due | undefined;
}

export class DailyWork {
  readonly #parts: DailyWorkParts;

  constructor(parts: DailyWorkParts) {
    this.#parts = parts;
  }

  /** Timers of the kind TASK_DUE. */
  readonly run = async (claimed: readonly ClaimedDue[]): Promise<void> => {
    const timers = claimed.map((row): Timer => ({ row, ...dailyOfRef(row.ref) }));
    for (const [app, own] of Map.groupBy(timers, ({ row }) => row.app))
      for (let at = 0; at < own.length; at += AT_ONCE) await this.#some(app, own.slice(at, at + AT_ONCE));
  };

  async #some(app: string, timers: readonly Timer[]): Promise<void> {
    const { store, notices, told } = this.#parts;
    const users = [...new Set(timers.map(({ user }) => user))];
    const presences = await notices.presence(app, users);
    const { taken, all, nextAt } = await store.write(async (tx) => {
      await finishAllDue(
        tx,
        timers.map(({ row }) => row),
      );
      const dailies = await this.#dailies(tx, app, timers, users);
      const some = dailies.flatMap((daily) => daily.notices);
      const orders = some.map(({ doc, about }): NoticeOrder => ({ app, doc, about }));
      const sent = await notices.takeAll(tx, orders, presences);
      await noteTold(
        tx,
        app,
        dailies.flatMap((daily) => daily.told ?? []),
      );
      const next = dailies.flatMap((daily) => daily.next ?? []);
      await setDue(tx, next);
      return { taken: sent, all: some, nextAt: Math.min(...next.map(({ at }) => at)) };
    });
    for (const notice of taken) notice.deliver();
    for (const [type, of] of Map.groupBy(all, (notice) => notice.type)) told?.(app, type, of.length);
    notices.nudge(nextAt);
  }

  async #dailies(tx: HubDb, app: string, timers: readonly Timer[], users: readonly string[]): Promise<Daily[]> {
    const { store, policyOf, now: clock } = this.#parts;
    const policy = policyOf(app);
    const now = clock();
    const zoneOf = await zonesFor(tx, this.#parts, app, users);
    const wasTold = await toldFor(tx, app, users);
    const known = await knownAmong(tx, app, users);
    const toDo = await tasksToDo(tx, store.seal, app, users);
    return timers.map(({ row: { at }, user, kind }): Daily => {
      const tasks = toDo.get(user) ?? [];
      // A task that comes begins it again.
      if (tasks.length === 0) return { notices: [], told: undefined, next: undefined };
      const zone = zoneOf(user);
      const next = nextFor(app, { user, kind }, policy, zone, now);
      const date = dateAt(at, policy.at[kind], zone);
      const isNot = date === undefined || at < this.#parts.startedAt - MISSED_MS || wasTold({ user, kind }, date);
      if (isNot || !known.has(user)) return { notices: [], told: undefined, next };
      const notices = dailyNotices({ user, kind, tasks, zone, policy, now });
      return { notices, told: { user, kind, date }, next };
    });
  }
}
