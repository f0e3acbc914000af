/**
 * Adds up what was noted: in one transaction notes are added to the figures of their quarter of an hour and deleted, so that each counts
 * once, also where a process dies in between or several instances do it.
 */
import { prepared } from '../storage/prepared.ts';
import type { HubDb, NewRow, Row } from '../storage/storage.ts';
import { OTHER, partsOf } from './counter.ts';
import { linesOf, type NotedAbout } from './roll-notes.ts';
import { slotBefore } from './slot.ts';

/** The notifications that were there before anything was counted. */
const AFTER = 'analytics_after';

/** Lines a transaction: the process does nothing else meanwhile. */
const MOST_LINES = 1000;
/** Notes that are looked at for it. */
const MOST_NOTES = 200;
/** Types of an app that have figures of their own in a quarter. */
const MOST_TYPES = 100;
/** Counters of a row: what comes beyond them has `other` as its reason. */
const MOST_COUNTERS = 200;
const IDS_AT_ONCE = 500;

type Counters = Record<string, number>;
type Key = Pick<Row<'roll_ups'>, 'app' | 'slot' | 'type' | 'channel' | 'platform'>;

interface Change extends Key {
  readonly counters: Counters;
}

const sizes = prepared((db, { limit }: { readonly limit: number }) =>
  db.selectFrom('roll_notes').select(['id', 'size']).orderBy('id').limit(limit),
);

const notes = prepared((db, { ids }: { readonly ids: readonly string[] }) =>
  db.selectFrom('roll_notes').selectAll().where('id', 'in', ids),
);

const removeNotes = prepared((db, { ids }: { readonly ids: readonly string[] }) =>
  db.deleteFrom('roll_notes').where('id', 'in', ids),
);

interface Some {
  readonly app: string;
  readonly ids: readonly string[];
}

const notifications = prepared((db, { app, ids }: Some) =>
  db.selectFrom('notifications').select(['id', 'type', 'created_at']).where('app', '=', app).where('id', 'in', ids),
);

interface OfTypes {
  readonly app: string;
  readonly slot: number;
  readonly types: readonly string[];
}

const rollUps = prepared((db, { app, slot, types }: OfTypes) =>
  db.selectFrom('roll_ups').selectAll().where('app', '=', app).where('slot', '=', slot).where('type', 'in', types),
);

const typesOf = prepared((db, { app, slot }: Omit<OfTypes, 'types'>) =>
  db.selectFrom('roll_ups').select('type').distinct().where('app', '=', app).where('slot', '=', slot),
);

const put = prepared((db, { rows }: { readonly rows: readonly NewRow<'roll_ups'>[] }) =>
  db
    .insertInto('roll_ups')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['app', 'slot', 'type', 'channel', 'platform'])
        .doUpdateSet((eb) => ({ doc: eb.ref('excluded.doc') })),
    ),
);

/** The oldest notes, as many as go together. */
async function someNotes(tx: HubDb): Promise<string[]> {
  const ids: string[] = [];
  let lines = 0;
  for (const { id, size } of await sizes(tx, { limit: MOST_NOTES })) {
    lines += Number(size);
    if (ids.length > 0 && lines > MOST_LINES) break;
    ids.push(id);
  }
  return ids;
}

/** @returns how many notes were added up; 0: there are none left */
export async function rollUpSome(tx: HubDb): Promise<number> {
  const ids = await someNotes(tx);
  if (ids.length === 0) return 0;
  const rows = await notes(tx, { ids });
  for (const [app, some] of Map.groupBy(rows, (row) => row.app)) await addUp(tx, app, some);
  await removeNotes(tx, { ids });
  return ids.length;
}

/** All that is noted: before something is deleted that notes are about. */
export async function rollUpAll(tx: HubDb): Promise<void> {
  while ((await rollUpSome(tx)) > 0);
}

async function addUp(tx: HubDb, app: string, some: readonly Row<'roll_notes'>[]): Promise<void> {
  const lines = some.flatMap(linesOf);
  const unknown = lines.filter(([, , , , known]) => known === undefined).map(([notification]) => notification);
  const about = await aboutOf(tx, app, [...new Set(unknown)]);
  const after = await countedAfter(tx);
  const changes = new Map<string, Change>();
  for (const [notification, channel, platform, counters, known] of lines) {
    const { type, created_at } = known ? { type: known[0], created_at: known[1] } : (about.get(notification) ?? NONE);
    if (created_at <= after) continue;
    const slot = slotBefore(created_at);
    const key = JSON.stringify([slot, type, channel, platform]);
    const change = changes.get(key) ?? { app, slot, type, channel, platform, counters: {} };
    changes.set(key, change);
    for (const [counter, count] of Object.entries(counters)) add(change.counters, counter, count);
  }
  for (const [slot, own] of Map.groupBy(changes.values(), (change) => change.slot)) await merge(tx, app, slot, own);
}

/** Of a notification that is not there any more nothing is counted. */
const NONE: NotedAbout = { type: '', created_at: Number.NEGATIVE_INFINITY };

async function aboutOf(tx: HubDb, app: string, ids: readonly string[]): Promise<ReadonlyMap<string, NotedAbout>> {
  const found = new Map<string, NotedAbout>();
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE)
    for (const row of await notifications(tx, { app, ids: ids.slice(at, at + IDS_AT_ONCE) })) found.set(row.id, row);
  return found;
}

const mark = prepared((db, { key }: { readonly key: string }) =>
  db.selectFrom('meta').select('value').where('key', '=', key),
);

async function countedAfter(tx: HubDb): Promise<number> {
  const [row] = await mark(tx, { key: AFTER });
  return Number(row?.value ?? 0);
}

async function merge(tx: HubDb, app: string, slot: number, changes: readonly Change[]): Promise<void> {
  const wanted = [...new Set(changes.map(({ type }) => type))];
  const nameOf = await typeNames(tx, app, slot, wanted);
  const types = [...new Set(wanted.map(nameOf))];
  const known = await rollUps(tx, { app, slot, types });
  const docs = new Map(known.map((row) => [keyOf(row), countersIn(row.doc)]));
  const rows = new Map<string, Key>();
  for (const { counters, ...of } of changes) {
    const key = { ...of, type: nameOf(of.type) };
    const doc = docs.get(keyOf(key)) ?? {};
    docs.set(keyOf(key), doc);
    rows.set(keyOf(key), key);
    for (const [counter, count] of Object.entries(counters)) add(doc, nameIn(doc, counter), count);
  }
  const written = [...rows].map(([name, { channel, platform, type }]) => ({
    ...{ app, slot, type, channel, platform },
    doc: JSON.stringify(docs.get(name)),
  }));
  await put(tx, { rows: written });
}

/** Of a row that this version cannot read, none: it is counted again from now on. */
export function countersIn(doc: string): Counters {
  try {
    return JSON.parse(doc) as Counters;
  } catch {
    return {};
  }
}

const keyOf = ({ type, channel, platform }: Pick<Key, 'type' | 'channel' | 'platform'>): string =>
  JSON.stringify([type, channel, platform]);

/** Types that are there keep their names; those beyond the most are one. A type that was `other` once stays it in this quarter. */
async function typeNames(
  tx: HubDb,
  app: string,
  slot: number,
  wanted: readonly string[],
): Promise<(type: string) => string> {
  const there = new Set((await typesOf(tx, { app, slot })).map(({ type }) => type));
  for (const type of wanted) if (!there.has(type) && there.size < MOST_TYPES) there.add(type);
  return (type) => (there.has(type) ? type : OTHER);
}

/** A reason that has no counter when there are too many of them never gets one: what is taken off was added to the same. */
function nameIn(doc: Counters, counter: string): string {
  if (counter in doc || Object.keys(doc).length < MOST_COUNTERS) return counter;
  const parts = partsOf(counter);
  return parts && parts[0] !== 'ms' ? `${parts[0]} ${OTHER}` : counter;
}

function add(counters: Counters, counter: string, count: number): void {
  counters[counter] = (counters[counter] ?? 0) + count;
}

/** Quarters that began before `until`, UNIX milliseconds. @returns whether there may be more */
export async function forgetSome(tx: HubDb, until: number, limit: number): Promise<boolean> {
  const rows = await tx
    .selectFrom('roll_ups')
    .select(['app', 'slot'])
    .distinct()
    .where('slot', '<', until)
    .limit(limit)
    .execute();
  for (const { app, slot } of rows)
    await tx.deleteFrom('roll_ups').where('app', '=', app).where('slot', '=', Number(slot)).execute();
  return rows.length === limit;
}
