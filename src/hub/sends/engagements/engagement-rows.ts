import type { HubDb, NewRow, Row } from '../../storage/storage.ts';

/** What engagements are about: read at once for all of a request. */
export interface EngagedFacts {
  readonly notifications: ReadonlyMap<string, Pick<Row<'notifications'>, 'type' | 'created_at'>>;
  /** By `[notification, user]`. */
  readonly recipients: ReadonlyMap<string, Row<'recipients'>>;
  readonly devices: ReadonlyMap<string, { readonly platform: string; readonly users: readonly string[] }>;
}

export const pairOf = (notification: string, user: string): string => JSON.stringify([notification, user]);

interface EngagedIds {
  readonly notifications: readonly string[];
  readonly users: readonly string[];
  readonly devices: readonly string[];
}

type Devices = EngagedFacts['devices'];

/** @param ids at most some hundred of each */
export async function engagedDevices(tx: HubDb, app: string, ids: readonly string[]): Promise<Devices> {
  if (ids.length === 0) return new Map();
  const rows = await tx
    .selectFrom('devices')
    .leftJoin('device_users', (join) =>
      join.onRef('device_users.app', '=', 'devices.app').onRef('device_users.device', '=', 'devices.id'),
    )
    .select(['devices.id', 'devices.platform', 'device_users.user'])
    .where('devices.app', '=', app)
    .where('devices.id', 'in', ids)
    .orderBy('device_users.place')
    .execute();
  return new Map(
    [...Map.groupBy(rows, ({ id }) => id)].map(([id, some]) => [
      id,
      { platform: some[0]?.platform ?? '', users: some.flatMap(({ user }) => (user === null ? [] : [user])) },
    ]),
  );
}

export async function engagedRecipients(
  tx: HubDb,
  app: string,
  { notifications, users }: Pick<EngagedIds, 'notifications' | 'users'>,
): Promise<Pick<EngagedFacts, 'notifications' | 'recipients'>> {
  if (users.length === 0) return { notifications: new Map(), recipients: new Map() };
  const rows = await tx
    .selectFrom('notifications')
    .select(['id', 'type', 'created_at'])
    .where('app', '=', app)
    .where('id', 'in', notifications)
    .execute();
  const recipients = await tx
    .selectFrom('recipients')
    .selectAll()
    .where('app', '=', app)
    .where('notification', 'in', notifications)
    .where('user', 'in', users)
    .execute();
  return {
    notifications: new Map(rows.map((row) => [row.id, row])),
    recipients: new Map(recipients.map((row) => [pairOf(row.notification, row.user), row])),
  };
}

/** What is known already of these notifications and people. */
export const knownEngagements = (
  tx: HubDb,
  app: string,
  { notifications, users }: Pick<EngagedIds, 'notifications' | 'users'>,
): Promise<Row<'engagements'>[]> =>
  users.length === 0
    ? Promise.resolve([])
    : tx
        .selectFrom('engagements')
        .selectAll()
        .where('app', '=', app)
        .where('notification', 'in', notifications)
        .where('user', 'in', users)
        .execute();

/** One row for the same thing. */
export const engagementKey = ({
  notification,
  user,
  device,
  event,
  action,
}: Pick<NewRow<'engagements'>, 'notification' | 'user' | 'device' | 'event' | 'action'>): string =>
  JSON.stringify([notification, user, device, event, action]);

/** Of devices that were heard of. */
export async function noteHeard(tx: HubDb, app: string, devices: readonly string[], now: number): Promise<void> {
  if (devices.length === 0) return;
  await tx
    .updateTable('devices')
    .set({ last_seen_at: now })
    .where('app', '=', app)
    .where('id', 'in', devices)
    .where('last_seen_at', '<', now)
    .execute();
}
