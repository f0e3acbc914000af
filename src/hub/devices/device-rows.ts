import type { JsonObject } from '../../push/push.ts';
import type { DeviceSettings } from '../settings/settings.ts';
import { prepared } from '../storage/prepared.ts';
import type { HubDb, HubSeal, Row } from '../storage/storage.ts';
import { readable, readableOf } from '../storage/unreadable.ts';
import type { Device, DeviceStatus, ReachableDevice, Suspicion, TokenStatus } from './device.ts';

export type DeviceRow = Row<'devices'>;

/** A row with what hangs on it. */
export interface StoredDevice {
  readonly row: DeviceRow;
  readonly users: readonly string[];
  readonly topics: readonly string[];
}

/** A token that people had, and have no more. */
export interface LostTarget {
  readonly row: Pick<DeviceRow, 'app' | 'id' | 'target' | 'token_hash'>;
  readonly users: readonly string[];
}

/** What reading rows needs. */
export interface DeviceReading {
  readonly seal: HubSeal;
  readonly now: number;
  readonly staleAfterMs: number;
}

/** What a token is sealed for. It moves with the row when that gets another id. */
export const targetBound = (app: string, id: string): string => `device:${JSON.stringify([app, id])}`;

export const openTarget = (seal: HubSeal, { app, id, target }: Pick<DeviceRow, 'app' | 'id' | 'target'>): string =>
  seal.open(target, targetBound(app, id));

/** Of several, those that can be read. */
export const openTargets = (seal: HubSeal, rows: readonly Pick<DeviceRow, 'app' | 'id' | 'target'>[]): string[] =>
  readableOf(rows, (row) => openTarget(seal, row));

/** Whether something can be sent to it. */
export const isReadable = (device: Pick<ReachableDevice, 'target'>): boolean =>
  readable(() => device.target()) !== undefined;

/** A dead token stays dead when its owner signs out: what the provider said comes first. */
function statusOf(
  { status, last_seen_at }: DeviceRow,
  owners: number,
  { now, staleAfterMs }: DeviceReading,
): DeviceStatus {
  if (status !== 'active') return status as TokenStatus;
  if (owners === 0) return 'signed_out';
  return last_seen_at < now - staleAfterMs ? 'stale' : 'active';
}

const given = <Key extends string>(key: Key, value: string | null): { [Each in Key]?: string } =>
  value === null ? {} : ({ [key]: value } as { [Each in Key]: string });

export function deviceOf({ row, users, topics }: StoredDevice, reading: DeviceReading): Device {
  return {
    app: row.app,
    id: row.id,
    users,
    platform: row.platform,
    kind: row.kind as Device['kind'],
    environment: row.environment,
    ...given('name', row.name),
    ...given('model', row.model),
    ...given('os_version', row.os_version),
    ...given('app_version', row.app_version),
    ...given('locale', row.locale),
    ...given('timezone', row.timezone),
    capabilities: JSON.parse(row.capabilities) as JsonObject,
    enabled: row.enabled === 1,
    settings: JSON.parse(row.settings) as DeviceSettings,
    topics,
    status: statusOf(row, users.length, reading),
    ...given('reason', row.reason),
    status_at: row.status_at,
    ...(row.suspect === null ? {} : { suspect: JSON.parse(row.suspect) as Suspicion }),
    token_hash: row.token_hash,
    token_at: row.token_at,
    token_rev: row.token_rev,
    rev: row.rev,
    registered_at: row.registered_at,
    last_seen_at: row.last_seen_at,
    ...given('installation_hint', row.installation_hint),
  };
}

export const reachable = (stored: StoredDevice, reading: DeviceReading): ReachableDevice => ({
  ...deviceOf(stored, reading),
  target: () => openTarget(reading.seal, stored.row),
});

interface Ids {
  readonly app: string;
  readonly ids: readonly string[];
}

const topicsFor = prepared((db, { app, ids }: Ids) =>
  db
    .selectFrom('device_topics')
    .select(['device', 'topic as name'])
    .where('app', '=', app)
    .where('device', 'in', ids)
    .orderBy('topic'),
);

const ownersFor = prepared((db, { app, ids }: Ids) =>
  db
    .selectFrom('device_users')
    .select(['device', 'user as name'])
    .where('app', '=', app)
    .where('device', 'in', ids)
    .orderBy('place'),
);

const rowsById = prepared((db, { app, ids }: Ids) =>
  db.selectFrom('devices').selectAll().where('app', '=', app).where('id', 'in', ids),
);

/** Rows with their owners, in the order in which these were named, and topics. */
export async function withLinks(db: HubDb, app: string, rows: readonly DeviceRow[]): Promise<StoredDevice[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const usersOf = await ownersOf(db, app, ids);
  const topicsOf = byDevice(await topicsFor(db, { app, ids }));
  return rows.map((row) => ({ row, users: usersOf.get(row.id) ?? [], topics: topicsOf.get(row.id) ?? [] }));
}

/** Whose devices are, by device, in the order in which people were named. */
export async function ownersOf(db: HubDb, app: string, ids: readonly string[]): Promise<Map<string, string[]>> {
  if (ids.length === 0) return new Map();
  return byDevice(await ownersFor(db, { app, ids }));
}

function byDevice(rows: readonly { readonly device: string; readonly name: string }[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { device, name } of rows) {
    const names = found.get(device);
    if (names) names.push(name);
    else found.set(device, [name]);
  }
  return found;
}

export const MOST_IDS = 500;

/** Those of the ids that there are. */
export async function storedDevices(db: HubDb, app: string, ids: readonly string[]): Promise<StoredDevice[]> {
  const found: StoredDevice[] = [];
  for (let start = 0; start < ids.length; start += MOST_IDS) {
    const part = ids.slice(start, start + MOST_IDS);
    found.push(...(await withLinks(db, app, await rowsById(db, { app, ids: part }))));
  }
  return found;
}

/** Deletes devices with all that hangs on them. */
export async function deleteDevices(tx: HubDb, app: string, ids: readonly string[]): Promise<void> {
  for (let start = 0; start < ids.length; start += MOST_IDS) {
    const part = ids.slice(start, start + MOST_IDS);
    await tx.deleteFrom('device_users').where('app', '=', app).where('device', 'in', part).execute();
    await tx.deleteFrom('device_topics').where('app', '=', app).where('device', 'in', part).execute();
    await tx.deleteFrom('devices').where('app', '=', app).where('id', 'in', part).execute();
  }
}
