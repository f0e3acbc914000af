import type { ActorName } from '../storage/audit.ts';
import { bulkInsert } from '../storage/bulk-insert.ts';
import { prepared } from '../storage/prepared.ts';
import type { HubDb, NewRow } from '../storage/storage.ts';
import type { DeviceDoc } from './device.ts';
import type { DeviceRow, LostTarget, StoredDevice } from './device-rows.ts';
import type { DeviceTarget } from './device-target.ts';
import { newDeviceRow, type RegistrationTools, register, rowsFor } from './register-device.ts';

/** A row of an import that says what it should. */
export interface ImportRow {
  readonly id: string;
  readonly doc: DeviceDoc;
  readonly target: DeviceTarget;
}

export interface ImportCounts {
  readonly moved: number;
  readonly rotated: number;
  /** Tokens that people had before, and have no more. */
  readonly lost: readonly LostTarget[];
}

const tokenKey = ({
  platform,
  kind,
  environment,
  token_hash: hash,
}: Pick<DeviceTarget, 'platform' | 'kind' | 'environment' | 'token_hash'>) =>
  `${platform} ${kind} ${environment} ${hash}`;

interface Ids {
  readonly app: string;
  readonly ids: readonly string[];
}

const MET = ['id', 'platform', 'kind', 'environment', 'token_hash'] as const;

const withIds = prepared((db, { app, ids }: Ids) =>
  db.selectFrom('devices').select(MET).where('app', '=', app).where('id', 'in', ids),
);

const withHashes = prepared((db, { app, hashes }: { readonly app: string; readonly hashes: readonly string[] }) =>
  db.selectFrom('devices').select(MET).where('app', '=', app).where('token_hash', 'in', hashes),
);

const countOf = prepared((db, { app, users }: { readonly app: string; readonly users: readonly string[] }) =>
  db
    .selectFrom('device_users')
    .select((select) => ['user', select.fn.countAll<number>().as('count')])
    .where('app', '=', app)
    .where('user', 'in', users)
    .groupBy('user'),
);

/** Whether a row meets nothing: neither a row of the store, nor one before it, nor a person with many devices. */
export async function untouched(
  tx: HubDb,
  app: string,
  most: number,
  rows: readonly ImportRow[],
): Promise<(row: ImportRow) => boolean> {
  const ids = rows.map(({ id }) => id);
  const hashes = rows.map(({ target }) => target.token_hash);
  const met = [...(await withIds(tx, { app, ids })), ...(await withHashes(tx, { app, hashes }))];
  const users = [...new Set(rows.flatMap(({ doc }) => doc.users))];
  const counted = await countOf(tx, { app, users });
  const seenIds = new Set(met.map(({ id }) => id));
  const seenTokens = new Set(met.map(tokenKey));
  const devices = new Map(counted.map(({ user, count }) => [user, Number(count)]));
  return ({ id, doc, target }) => {
    const key = tokenKey(target);
    const isMet = seenIds.has(id) || seenTokens.has(key) || doc.installation_hint !== undefined;
    seenIds.add(id);
    seenTokens.add(key);
    for (const user of doc.users) devices.set(user, (devices.get(user) ?? 0) + 1);
    return !isMet && doc.users.every((user) => (devices.get(user) as number) <= most);
  };
}

/** Inserts rows that meet nothing. @returns them as they are kept */
export async function insertFresh(
  tx: HubDb,
  tools: RegistrationTools,
  app: string,
  fresh: readonly ImportRow[],
): Promise<StoredDevice[]> {
  const users = [...new Set(fresh.flatMap(({ doc }) => doc.users))];
  await tools.makePeople(tx, app, users, tools.now);
  const rows = fresh.map(({ id, doc, target }) => newDeviceRow(tools, { app, id, doc }, target));
  await bulkInsert(tx, tools.engine, 'devices', rows);
  const owners = fresh.flatMap(({ id, doc }) =>
    doc.users.map((user, place): NewRow<'device_users'> => ({ app, device: id, user, place })),
  );
  await bulkInsert(tx, tools.engine, 'device_users', owners);
  const topics = fresh.flatMap(({ id, doc }) =>
    doc.topics.map((topic): NewRow<'device_topics'> => ({ app, device: id, topic })),
  );
  await bulkInsert(tx, tools.engine, 'device_topics', topics);
  return fresh.map(({ doc: { users: own, topics: named } }, index) => ({
    ...{ row: rows[index] as DeviceRow, users: own, topics: named },
  }));
}

/**
 * Registers the rows of one piece of an import. Most are new and meet nothing: those are inserted together, the others one by one in
 * their order, by the rules that a PUT has.
 */
export async function importRows(
  tx: HubDb,
  tools: RegistrationTools,
  { app, by, rows }: { readonly app: string; readonly by: ActorName; readonly rows: readonly ImportRow[] },
): Promise<ImportCounts> {
  const isFresh = await untouched(tx, app, tools.mostDevices, rows);
  const parts = Map.groupBy(rows, isFresh);
  const registration = (row: ImportRow) => ({ app, ...row, by, isSeen: true });
  await insertFresh(tx, tools, app, parts.get(true) ?? []);
  let moved = 0;
  let rotated = 0;
  const lost: LostTarget[] = [];
  for (const row of parts.get(false) ?? []) {
    const done = await register(tx, tools, registration(row), await rowsFor(tx, app, row.id, row.target));
    if (done.moved) moved++;
    if (done.rotated) rotated++;
    lost.push(...done.lost);
  }
  return { moved, rotated, lost };
}
