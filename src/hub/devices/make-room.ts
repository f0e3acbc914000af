import { prepared } from '../storage/prepared.ts';
import type { HubDb } from '../storage/storage.ts';
import { type DeviceRow, deleteDevices, type LostTarget, storedDevices } from './device-rows.ts';

/** A device goes from one person; with its last person it goes altogether. */
async function takeFrom(tx: HubDb, app: string, user: string, devices: readonly string[]): Promise<void> {
  const others = await tx
    .selectFrom('device_users')
    .select('device')
    .where('app', '=', app)
    .where('device', 'in', devices)
    .where('user', '!=', user)
    .execute();
  const shared = new Set(others.map(({ device }) => device));
  await tx
    .deleteFrom('device_users')
    .where('app', '=', app)
    .where('user', '=', user)
    .where('device', 'in', devices)
    .execute();
  await deleteDevices(
    tx,
    app,
    devices.filter((device) => !shared.has(device)),
  );
}

interface OthersOf {
  readonly app: string;
  readonly user: string;
  /** The device beside which they are. */
  readonly id: string;
}

/** A person's other devices, the one seen last first. */
const othersOf = prepared((db, { app, user, id }: OthersOf) =>
  db
    .selectFrom('device_users')
    .innerJoin('devices', (join) =>
      join.onRef('devices.app', '=', 'device_users.app').onRef('devices.id', '=', 'device_users.device'),
    )
    .select(['devices.id', 'platform', 'kind', 'environment', 'installation_hint', 'last_seen_at'])
    .where('device_users.app', '=', app)
    .where('device_users.user', '=', user)
    .where('devices.id', '!=', id)
    .orderBy('last_seen_at', 'desc')
    .orderBy('devices.id'),
);

/**
 * After a device was registered: earlier ones of the same installation go, and of a person with too many those unseen longest.
 * @returns the devices that these people have no more
 */
export async function makeRoom(
  tx: HubDb,
  most: number,
  { app, id, platform, kind, environment, installation_hint: hint }: DeviceRow,
  users: readonly string[],
): Promise<readonly LostTarget[]> {
  const lost: LostTarget[] = [];
  for (const user of users) {
    const devices = await othersOf(tx, { app, user, id });
    const isSuperseded = (other: (typeof devices)[number]): boolean =>
      hint !== null &&
      other.installation_hint === hint &&
      other.platform === platform &&
      other.kind === kind &&
      other.environment === environment;
    const superseded = devices.filter(isSuperseded);
    const tooMany = devices.filter((other) => !isSuperseded(other)).slice(most - 1);
    const gone = [...superseded, ...tooMany].map((other) => other.id);
    if (gone.length === 0) continue;
    for (const { row } of await storedDevices(tx, app, gone)) lost.push({ row, users: [user] });
    await takeFrom(tx, app, user, gone);
  }
  return lost;
}
