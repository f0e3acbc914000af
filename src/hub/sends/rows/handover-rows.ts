/**
 * What was handed to a push carrier and has not wholly ended: which decisions each target stands for. The row is written in the
 * transaction that decides, so that a process that dies before the carrier has the batch leaves it to be handed over again.
 */
import { prepared } from '../../storage/prepared.ts';
import type { HubDb, NewRow, Row } from '../../storage/storage.ts';

/** A target of a batch and the decisions that it is for: several people may have one device on purpose. */
export interface HandedTarget {
  /** Keyed hash of the token or the address. */
  readonly hash: string;
  /** Empty for an address. */
  readonly device: string;
  /** `token_rev` of the device; 0 for an address. */
  readonly rev: number;
  readonly users: readonly string[];
  /** Its provider had called it dead, which was not believed. */
  readonly suspect?: true;
}

export interface Handover {
  readonly app: string;
  readonly batch: string;
  readonly notification: string;
  readonly hop: number;
  readonly channel: string;
  /** The process that handed it over. */
  readonly instance: string;
  /** UNIX milliseconds. */
  readonly at: number;
  /** When the first of its decisions was to leave, UNIX milliseconds. */
  readonly dueAt: number;
  readonly targets: readonly HandedTarget[];
}

interface HandoverDoc {
  readonly channel: string;
  /** Milliseconds; absent: it was due when it was handed over. */
  readonly late?: number;
  readonly targets: readonly HandedTarget[];
}

const insert = prepared((db, { rows }: { readonly rows: readonly NewRow<'handovers'>[] }) =>
  db.insertInto('handovers').values(rows),
);

const remove = prepared((db, { app, batches }: { readonly app: string; readonly batches: readonly string[] }) =>
  db.deleteFrom('handovers').where('app', '=', app).where('batch', 'in', batches),
);

/** Ids a statement. */
const AT_ONCE = 500;

export async function insertHandovers(tx: HubDb, handovers: readonly Handover[]): Promise<void> {
  const rows = handovers.map(({ app, batch, notification, hop, instance, at, dueAt, channel, targets }) => ({
    ...{ app, batch, notification, hop, instance, handed_at: at },
    doc: JSON.stringify({ channel, ...(dueAt < at ? { late: at - dueAt } : {}), targets } satisfies HandoverDoc),
  }));
  await insert(tx, { rows });
}

export const openHandover = (row: Row<'handovers'>): Handover => {
  const { app, batch, notification, hop, instance, handed_at: at, doc } = row;
  const { channel, late = 0, targets } = JSON.parse(doc) as HandoverDoc;
  return { app, batch, notification, hop, instance, at, dueAt: at - late, channel, targets };
};

/** Undefined: this version cannot read it. */
function readHandover(row: Row<'handovers'>): Handover | undefined {
  try {
    return openHandover(row);
  } catch {
    return undefined;
  }
}

/** Undefined: it is not there, or cannot be read. */
export async function findHandover(db: HubDb, app: string, batch: string): Promise<Handover | undefined> {
  const row = await db
    .selectFrom('handovers')
    .selectAll()
    .where('app', '=', app)
    .where('batch', '=', batch)
    .executeTakeFirst();
  return row && readHandover(row);
}

export async function deleteHandovers(tx: HubDb, app: string, batches: readonly string[]): Promise<void> {
  for (let at = 0; at < batches.length; at += AT_ONCE)
    await remove(tx, { app, batches: batches.slice(at, at + AT_ONCE) });
}

/** How many batches have not wholly ended. */
export async function countHandovers(db: HubDb): Promise<number> {
  const { count } = await db
    .selectFrom('handovers')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Whose: of none of these instances; or of one, handed over between two moments, UNIX milliseconds. */
export type HandoversOf =
  | { readonly notOf: readonly string[] }
  | { readonly of: string; readonly from: number; readonly to: number };

/** Batches that were handed over, the oldest first: those after one. */
export async function handoversPage(
  db: HubDb,
  whose: HandoversOf,
  after: Pick<Handover, 'at' | 'batch'> | undefined,
  limit: number,
): Promise<Handover[]> {
  let query = db.selectFrom('handovers').selectAll();
  query =
    'of' in whose
      ? query.where('instance', '=', whose.of).where('handed_at', '>=', whose.from).where('handed_at', '<=', whose.to)
      : query.where('instance', 'not in', whose.notOf);
  if (after)
    query = query.where((eb) =>
      eb.or([eb('handed_at', '>', after.at), eb.and([eb('handed_at', '=', after.at), eb('batch', '>', after.batch)])]),
    );
  const rows = await query.orderBy('handed_at').orderBy('batch').limit(limit).execute();
  return Promise.all(rows.map(async (row) => readHandover(row) ?? rebuiltHandover(db, row)));
}

/** Of one that this version cannot read: the decisions know which batch carries them. Targets are not known, only whose they are. */
async function rebuiltHandover(db: HubDb, row: Row<'handovers'>): Promise<Handover> {
  const { app, batch, notification, hop, instance, handed_at: at } = row;
  const carried = await db
    .selectFrom('decisions')
    .select(['user', 'device', 'channel'])
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('batch', '=', batch)
    .execute();
  const targets = carried.map(({ user, device }) => ({ hash: '', device, rev: 0, users: [user] }));
  return { app, batch, notification, hop, instance, at, dueAt: at, channel: carried[0]?.channel ?? '', targets };
}

/** True when it was still that of `from`: only one of several instances takes it over. */
export async function takeHandover(tx: HubDb, { app, batch, instance: from }: Handover, to: string): Promise<boolean> {
  const taken = await tx
    .updateTable('handovers')
    .set({ instance: to })
    .where('app', '=', app)
    .where('batch', '=', batch)
    .where('instance', '=', from)
    .returning('batch')
    .execute();
  return taken.length > 0;
}
