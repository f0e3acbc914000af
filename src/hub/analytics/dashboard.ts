/** How an app is at a glance: who there is, what is going on, and the last day beside the one before. */
import { isoInstant } from '../../kit/time/instant.ts';
import { type AppHeads, countAppHeads } from '../storage/head-counts.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import type { FiguresView, Prices } from './figures.ts';
import { type ReportRow, report } from './report.ts';
import { slotAfter } from './slot.ts';

export interface DashboardQuery {
  readonly app: string;
  readonly prices: Prices;
  /** IANA. */
  readonly timezone: string;
  /** UNIX milliseconds. */
  readonly now: number;
}

export interface DashboardView extends AppHeads {
  readonly app: string;
  readonly at: string;
  readonly timezone: string;
  /** Those that are not over. */
  readonly incidents: { readonly open: number; readonly acknowledged: number };
  /** Those that are not over. */
  readonly tasks: { readonly open: number; readonly in_progress: number };
  readonly timers: { readonly waiting: number; readonly overdue: number };
  /** The last 24 hours. */
  readonly last_day: FiguresView;
  readonly day_before: FiguresView;
  /** The last 24 hours. */
  readonly hours: readonly ReportRow[];
  /** Of the last 24 hours. */
  readonly channels: readonly ReportRow[];
}

const DAY_MS = 86_400_000;
/** A timer is overdue after this. */
const GRACE_MS = 60_000;
/** What is counted of each: on SQLite it is counted on the event loop. */
const MOST_COUNTED = 100_000;

export async function dashboard(
  store: Pick<HubStore, 'db' | 'engine'>,
  { app, prices, timezone, now }: DashboardQuery,
): Promise<DashboardView> {
  const { db } = store;
  const to = slotAfter(now + 1);
  const asked = { app, prices, timezone };
  const hours = await report(store, { ...asked, from: to - DAY_MS, to, by: ['hour'] });
  const channels = await report(store, { ...asked, from: to - DAY_MS, to, by: ['channel'] });
  const before = await report(store, { ...asked, from: to - 2 * DAY_MS, to: to - DAY_MS, by: [] });
  return {
    ...{ app, at: isoInstant(now), timezone },
    ...(await countAppHeads(store, app)),
    incidents: { open: 0, acknowledged: 0, ...(await openIncidents(db, app)) },
    tasks: { open: 0, in_progress: 0, ...(await openTasks(db, app)) },
    timers: { waiting: await countTimers(db, app, undefined), overdue: await countTimers(db, app, now - GRACE_MS) },
    ...{ last_day: hours.total, day_before: before.total, hours: hours.rows, channels: channels.rows },
  };
}

async function openIncidents(db: HubDb, app: string): Promise<Record<string, number>> {
  const rows = await db
    .selectFrom((eb) =>
      eb
        .selectFrom('incidents')
        .select('phase')
        .where('app', '=', app)
        .where('phase', 'in', ['open', 'acknowledged'])
        .limit(MOST_COUNTED)
        .as('some'),
    )
    .select((eb) => ['phase', eb.fn.countAll<number>().as('count')])
    .groupBy('phase')
    .execute();
  return Object.fromEntries(rows.map(({ phase, count }) => [phase, Number(count)]));
}

async function openTasks(db: HubDb, app: string): Promise<Record<string, number>> {
  const rows = await db
    .selectFrom((eb) =>
      eb
        .selectFrom('tasks')
        .select('state')
        .where('app', '=', app)
        .where('state', 'in', ['open', 'in_progress'])
        .limit(MOST_COUNTED)
        .as('some'),
    )
    .select((eb) => ['state', eb.fn.countAll<number>().as('count')])
    .groupBy('state')
    .execute();
  return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
}

/** @param until those that were due before; undefined: all */
async function countTimers(db: HubDb, app: string, until: number | undefined): Promise<number> {
  const { count } = await db
    .selectFrom((eb) => {
      const query = eb.selectFrom('due').select('id').where('app', '=', app).limit(MOST_COUNTED);
      return (until === undefined ? query : query.where('due_at', '<', until)).as('some');
    })
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}
