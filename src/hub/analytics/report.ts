/** What has happened between two moments: figures, parted by what is asked for. */
import { setImmediate as turn } from 'node:timers/promises';
import { zonedAt } from '../../kit/time/wall-time.ts';
import type { HubStore, Row } from '../storage/storage.ts';
import { Figures, type FiguresView, type Prices } from './figures.ts';
import { countersIn } from './roll-up.ts';

/** What figures are parted by. */
export const groupings = ['hour', 'day', 'type', 'channel', 'platform'] as const;
export type Grouping = (typeof groupings)[number];

export interface ReportQuery {
  readonly app: string;
  /** UNIX milliseconds, at the begin of a quarter of an hour. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly by: readonly Grouping[];
  /** IANA: whose days and hours. */
  readonly timezone: string;
  readonly prices: Prices;
}

export type ReportRow = FiguresView & Readonly<Partial<Record<Grouping, string>>>;

export interface FiguresReport {
  /** In the order of what they are parted by. */
  readonly rows: readonly ReportRow[];
  readonly total: FiguresView;
}

/** Rows of an answer. */
export const MOST_ROWS = 10_000;

/** There would be more rows than that. */
export class TooManyRows extends Error {}

/** Rows of the store that are read at once: the process does nothing else meanwhile. */
const PAGE = 1000;

/** @throws TooManyRows (rejects) */
export async function report({ db }: Pick<HubStore, 'db'>, query: ReportQuery): Promise<FiguresReport> {
  const { by, prices, timezone } = query;
  const total = new Figures();
  const groups = new Map<string, { readonly names: readonly string[]; readonly figures: Figures }>();
  const timeOf = timeNames(timezone);
  for await (const row of rowsOf(db, query)) {
    const price = prices[row.channel] ?? 0;
    const counters = countersIn(row.doc);
    total.add(counters, price);
    if (by.length === 0) continue;
    const names = by.map((name) => (name === 'hour' || name === 'day' ? timeOf(name, row.slot) : row[name]));
    const key = JSON.stringify(names);
    const group = groups.get(key) ?? { names, figures: new Figures() };
    if (!groups.has(key) && groups.size >= MOST_ROWS) throw new TooManyRows();
    groups.set(key, group);
    group.figures.add(counters, price);
  }
  const sorted = [...groups.values()].sort((a, b) => compare(a.names, b.names));
  return {
    rows: sorted.map(({ names, figures }) => ({
      ...(Object.fromEntries(by.map((name, at) => [name, names[at]])) as Partial<Record<Grouping, string>>),
      ...figures.view(),
    })),
    total: total.view(),
  };
}

/** A page at a time. */
async function* rowsOf(db: HubStore['db'], { app, from, to }: ReportQuery): AsyncGenerator<Row<'roll_ups'>> {
  let after: Row<'roll_ups'> | undefined;
  for (;;) {
    let query = db.selectFrom('roll_ups').selectAll().where('app', '=', app).where('slot', '<', to);
    query = after
      ? query
          .where('slot', '>=', after.slot)
          .where((eb) =>
            eb(
              eb.refTuple('slot', 'type', 'channel', 'platform'),
              '>',
              eb.tuple(after?.slot ?? 0, after?.type ?? '', after?.channel ?? '', after?.platform ?? ''),
            ),
          )
      : query.where('slot', '>=', from);
    const rows = await query
      .orderBy('slot')
      .orderBy('type')
      .orderBy('channel')
      .orderBy('platform')
      .limit(PAGE)
      .execute();
    yield* rows;
    if (rows.length < PAGE) return;
    after = rows.at(-1);
    await turn();
  }
}

function compare(a: readonly string[], b: readonly string[]): number {
  for (const [at, name] of a.entries()) {
    const other = b[at] as string;
    if (name !== other) return name < other ? -1 : 1;
  }
  return 0;
}

/** The hour (an instant) or the day (a date) of a quarter, by the clock on the wall of a zone. */
export function timeNames(timezone: string): (name: 'hour' | 'day', slot: number) => string {
  const known = new Map<number, { readonly hour: string; readonly day: string }>();
  return (name, slot) => {
    const before = known.get(slot);
    if (before) return before[name];
    const at = zonedAt(slot, timezone);
    const hour = at.round({ smallestUnit: 'hour', roundingMode: 'floor' }).toInstant();
    const names = { hour: hour.toString(), day: at.toPlainDate().toString() };
    known.set(slot, names);
    return names[name];
  };
}
