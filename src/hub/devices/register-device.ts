import { sql } from 'kysely';
import { type ActorName, type AuditedChange, auditChanges, auditName } from '../storage/audit.ts';
import { prepared } from '../storage/prepared.ts';
import type { HubDb, HubSeal, HubStore, NewRow } from '../storage/storage.ts';
import { readable } from '../storage/unreadable.ts';
import type { DeviceDoc } from './device.ts';
import {
  type DeviceReading,
  type DeviceRow,
  deleteDevices,
  type LostTarget,
  openTarget,
  type StoredDevice,
  targetBound,
  withLinks,
} from './device-rows.ts';
import type { DeviceTarget } from './device-target.ts';
import { noteFormer } from './former-targets.ts';
import { makeRoom } from './make-room.ts';
import { firstRev } from './token-rev.ts';

/** Makes people who are not there yet, and notes that they were heard of. */
export type MakePeople = (tx: HubDb, app: string, ids: readonly string[], now: number) => Promise<void>;

export interface Registration {
  readonly app: string;
  readonly id: string;
  readonly doc: DeviceDoc;
  /** Undefined: that of the row stays. */
  readonly target: DeviceTarget | undefined;
  readonly by: ActorName;
  /** PUT or POST: the device is there. Else a change by someone else, which says nothing of when it was last heard of. */
  readonly isSeen: boolean;
}

export interface RegistrationTools extends DeviceReading {
  readonly engine: HubStore['engine'];
  readonly makePeople: MakePeople;
  /** Devices of one person. */
  readonly mostDevices: number;
}

export interface Registered {
  readonly stored: StoredDevice;
  readonly created: boolean;
  /** The token had another owner, or another row. */
  readonly moved: boolean;
  /** The device had another token. */
  readonly rotated: boolean;
  /** Devices that made way: those of the same installation, and those unseen longest where a person had too many. */
  readonly removed: readonly string[];
  /** Tokens that people had before, and have no more. */
  readonly lost: readonly LostTarget[];
}

interface OfId {
  readonly app: string;
  readonly id: string;
}

const withId = prepared((db, { app, id }: OfId) =>
  db.selectFrom('devices').selectAll().where('app', '=', app).where('id', '=', id),
);

const othersWithToken = prepared((db, { app, id, hash }: OfId & { readonly hash: string }) =>
  db.selectFrom('devices').selectAll().where('app', '=', app).where('token_hash', '=', hash).where('id', '!=', id),
);

const insertDevices = prepared((db, { rows }: { readonly rows: readonly NewRow<'devices'>[] }) =>
  db.insertInto('devices').values(rows),
);

const insertOwners = prepared((db, { rows }: { readonly rows: readonly NewRow<'device_users'>[] }) =>
  db.insertInto('device_users').values(rows),
);

const updateDevice = prepared((db, { app, id, ...set }: OfId & ReturnType<typeof columnsOf>) =>
  db.updateTable('devices').set(set).where('app', '=', app).where('id', '=', id),
);

/** Whether a registration says nothing new, but that the device is there: what most apps say at each of their starts. */
export function isRepeated(seal: HubSeal, { row, users, topics }: StoredDevice, { doc, target }: Repeated): boolean {
  const isSound = row.status === 'active' && row.reason === null && row.suspect === null;
  if (!isSound || !hasTarget(row, target) || isOther(row, textColumns(doc))) return false;
  if (!isSame(users, doc.users) || !isSame(topics, doc.topics)) return false;
  // A subscription's keys may have changed though it is known by the same endpoint.
  return readable(() => openTarget(seal, row)) === target.target;
}

type Repeated = Pick<Registration, 'doc'> & { readonly target: DeviceTarget };

const heardOf = prepared((db, { app, ids, now }: { readonly ids: readonly string[] } & Heard) =>
  db
    .updateTable('devices')
    .set({ token_at: now, last_seen_at: now, token_rev: sql<number>`token_rev + 1` })
    .where('app', '=', app)
    .where('id', 'in', ids),
);

interface Heard {
  readonly app: string;
  readonly now: number;
}

/** Devices that say nothing new were heard of. @returns them as they are kept now */
export async function noteRepeated(
  tx: HubDb,
  { app, now }: Heard,
  some: readonly StoredDevice[],
): Promise<StoredDevice[]> {
  await heardOf(tx, { app, now, ids: some.map(({ row }) => row.id) });
  return some.map(({ row, ...links }) => ({
    ...links,
    row: { ...row, token_at: now, last_seen_at: now, token_rev: row.token_rev + 1 },
  }));
}

/** The row of this id, and the row that has this token: one, or two, or the same. */
export async function rowsFor(
  tx: HubDb,
  app: string,
  id: string,
  target: DeviceTarget | undefined,
): Promise<{ readonly own: StoredDevice | undefined; readonly holder: StoredDevice | undefined }> {
  // Two queries: neither engine finds an OR of two columns behind a common first one by their indexes.
  const rows = await withId(tx, { app, id });
  if (target) rows.push(...(await othersWithToken(tx, { app, id, hash: target.token_hash })));
  const stored = await withLinks(tx, app, rows);
  return {
    own: stored.find(({ row }) => row.id === id),
    holder: target && stored.find(({ row }) => hasTarget(row, target)),
  };
}

export const hasTarget = (row: DeviceRow, target: DeviceTarget): boolean =>
  row.token_hash === target.token_hash &&
  row.platform === target.platform &&
  row.kind === target.kind &&
  row.environment === target.environment;

/** The token had someone who has it no more, and someone has it who had it not. */
function changesHands(before: readonly string[], after: readonly string[]): boolean {
  return before.some((user) => !after.includes(user)) && after.some((user) => !before.includes(user));
}

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((each, at) => each === other[at]);

const textColumns = (doc: DeviceDoc) => ({
  name: doc.name ?? null,
  model: doc.model ?? null,
  os_version: doc.os_version ?? null,
  app_version: doc.app_version ?? null,
  locale: doc.locale ?? null,
  timezone: doc.timezone ?? null,
  capabilities: JSON.stringify(doc.capabilities),
  settings: JSON.stringify(doc.settings),
  enabled: doc.enabled ? 1 : 0,
  installation_hint: doc.installation_hint ?? null,
});

const isOther = (row: DeviceRow, texts: ReturnType<typeof textColumns>): boolean =>
  (Object.keys(texts) as (keyof typeof texts)[]).some((column) => texts[column] !== row[column]);

const targetColumns = ({ seal, now }: DeviceReading, app: string, id: string, target: DeviceTarget, rev: number) => ({
  platform: target.platform,
  kind: target.kind,
  environment: target.environment,
  token_hash: target.token_hash,
  target: seal.seal(target.target, targetBound(app, id)),
  token_at: now,
  token_rev: rev,
  status: 'active',
  reason: null,
  suspect: null,
});

/** A row that is not there yet. */
export function newDeviceRow(
  tools: DeviceReading,
  registration: Pick<Registration, 'app' | 'id' | 'doc'>,
  target: DeviceTarget,
): NewRow<'devices'> {
  const { app, id, doc } = registration;
  const times = { status_at: tools.now, last_seen_at: tools.now, rev: 1 };
  const columns = columnsOf(textColumns(doc), targetColumns(tools, app, id, target, firstRev()), times);
  return { ...columns, app, id, registered_at: tools.now };
}

/**
 * Brings one row into the state that a body wants, in one transaction: the token goes from the row that had it to this one, the
 * owners are those of the body and no others.
 * @param own the row with this id; a registration without a target needs it
 * @param holder the row that has the token
 */
export async function register(
  tx: HubDb,
  tools: RegistrationTools,
  registration: Registration,
  { own, holder }: { readonly own: StoredDevice | undefined; readonly holder: StoredDevice | undefined },
): Promise<Registered> {
  const { app, id, doc, target } = registration;
  const taken = holder && holder.row.id !== id ? holder : undefined;
  if (taken) await deleteDevices(tx, app, [taken.row.id]);
  const moved = taken !== undefined || (holder !== undefined && changesHands(holder.users, doc.users));
  const rotated = own !== undefined && target !== undefined && !hasTarget(own.row, target);
  const { row, changed } = own
    ? await updateRow(tx, tools, registration, own)
    : await insertRow(tx, tools, registration);
  const joined = doc.users.filter((user) => !own?.users.includes(user));
  await tools.makePeople(tx, app, registration.isSeen ? doc.users : joined, tools.now);
  if (!own || !isSame(own.users, doc.users)) await replaceOwners(tx, app, id, doc.users, own !== undefined);
  if (!isSame(own?.topics ?? [], doc.topics)) await replaceTopics(tx, app, id, doc.topics);
  const gone = joined.length === 0 && !isHinted(own, doc) ? [] : await makeRoom(tx, tools.mostDevices, row, doc.users);
  const removed = [...new Set(gone.map((each) => each.row.id))];
  const lost = [...lostBy(own, doc, rotated), ...(holder?.row.id === own?.row.id ? [] : lostBy(holder, doc)), ...gone];
  await noteFormer(tx, { seal: tools.seal, app, now: tools.now }, lost);
  const result = {
    stored: { row, users: doc.users, topics: doc.topics },
    created: !own,
    moved,
    rotated,
    removed,
    lost,
  };
  if (changed || moved) await auditChanges(tx, tools.seal, auditOf(tools, registration, result, taken));
  return result;
}

/** Those who had the token of a row and have it no more; none has it where another took its place. */
function lostBy(before: StoredDevice | undefined, { users }: DeviceDoc, isReplaced = false): LostTarget[] {
  const without = before?.users.filter((user) => isReplaced || !users.includes(user)) ?? [];
  return before && without.length > 0 ? [{ row: before.row, users: without }] : [];
}

const isHinted = (own: StoredDevice | undefined, { installation_hint: hint }: DeviceDoc): boolean =>
  hint !== undefined && own?.row.installation_hint !== hint;

async function insertRow(tx: HubDb, tools: RegistrationTools, registration: Registration) {
  const { target } = registration;
  if (!target) throw new Error('a device that is not there has no token to keep');
  const row = newDeviceRow(tools, registration, target) as DeviceRow;
  await insertDevices(tx, { rows: [row] });
  return { row, changed: true };
}

async function updateRow(
  tx: HubDb,
  tools: RegistrationTools,
  registration: Registration,
  { row, users, topics }: StoredDevice,
) {
  const { app, id, doc, target, isSeen } = registration;
  const texts = textColumns(doc);
  const isRotated = target !== undefined && !hasTarget(row, target);
  const isRevived = target !== undefined && (isRotated || row.status !== 'active');
  const isOwned = isSame(users, doc.users);
  const changed = isOther(row, texts) || isRevived || !isOwned || !isSame(topics, doc.topics);
  // Signing out and in is a change of status, too.
  const turned = isRevived || (users.length === 0) !== (doc.users.length === 0);
  const times = {
    status_at: turned ? tools.now : row.status_at,
    last_seen_at: isSeen ? tools.now : row.last_seen_at,
    rev: changed ? row.rev + 1 : row.rev,
  };
  const rev = isRotated ? firstRev() : row.token_rev + 1;
  const set = columnsOf(texts, target ? targetColumns(tools, app, id, target, rev) : row, times);
  await updateDevice(tx, { app, id, ...set });
  return { row: { ...row, ...set }, changed };
}

/**
 * Always the same columns, and so one text. An import makes thousands of them: named one by one they take a third of the time of objects
 * that are spread into one another.
 */
const columnsOf = (
  texts: ReturnType<typeof textColumns>,
  target: TargetColumns,
  times: Pick<DeviceRow, 'status_at' | 'last_seen_at' | 'rev'>,
) => ({
  name: texts.name,
  model: texts.model,
  os_version: texts.os_version,
  app_version: texts.app_version,
  locale: texts.locale,
  timezone: texts.timezone,
  capabilities: texts.capabilities,
  settings: texts.settings,
  enabled: texts.enabled,
  installation_hint: texts.installation_hint,
  platform: target.platform,
  kind: target.kind,
  environment: target.environment,
  token_hash: target.token_hash,
  // A subscription's keys may have changed though it is known by the same endpoint.
  target: target.target,
  token_at: target.token_at,
  token_rev: target.token_rev,
  status: target.status,
  reason: target.reason,
  suspect: target.suspect,
  status_at: times.status_at,
  last_seen_at: times.last_seen_at,
  rev: times.rev,
});

type TargetColumns = Pick<
  DeviceRow,
  | ('platform' | 'kind' | 'environment' | 'token_hash' | 'target' | 'token_at' | 'token_rev')
  | ('status' | 'reason' | 'suspect')
>;

async function replaceOwners(
  tx: HubDb,
  app: string,
  device: string,
  users: readonly string[],
  hadAny: boolean,
): Promise<void> {
  if (hadAny) await tx.deleteFrom('device_users').where('app', '=', app).where('device', '=', device).execute();
  if (users.length > 0) await insertOwners(tx, { rows: users.map((user, place) => ({ app, device, user, place })) });
}

async function replaceTopics(tx: HubDb, app: string, device: string, topics: readonly string[]): Promise<void> {
  await tx.deleteFrom('device_topics').where('app', '=', app).where('device', '=', device).execute();
  if (topics.length > 0)
    await tx
      .insertInto('device_topics')
      .values(topics.map((topic) => ({ app, device, topic })))
      .execute();
}

function auditOf(
  { seal, now }: DeviceReading,
  { app, id, by }: Registration,
  { created, moved, rotated, removed }: Registered,
  taken: StoredDevice | undefined,
): AuditedChange[] {
  const action = moved ? 'device.moved' : created ? 'device.created' : rotated ? 'device.rotated' : 'device.changed';
  const named = (device: string): string => auditName(seal, app, `device:${device}`);
  const detail = {
    ...(taken ? { from: named(taken.row.id) } : {}),
    ...(removed.length > 0 ? { removed: removed.map(named) } : {}),
  };
  return [{ app, at: now, by, action, target: `device:${id}`, ...(Object.keys(detail).length > 0 ? { detail } : {}) }];
}
