import type { PersonPart } from '../people/person.ts';
import type { HubDb } from '../storage/storage.ts';
import { deleteDevices, openTargets, storedDevices } from './device-rows.ts';
import type { Devices } from './devices.ts';
import { forgetFormer, formerOf } from './former-targets.ts';

const MOST_EXPORTED = 1000;

/** A person's devices go with the person; one that is shared stays with the others. */
export const devicePart = (devices: Devices): PersonPart => ({
  name: 'devices',
  async targets(tx, app, user) {
    const stored = await storedDevices(tx, app, await devicesOf(tx, app, user));
    const { true: shared = [], false: own = [] } = Object.groupBy(stored, ({ users }): 'true' | 'false' =>
      users.length > 1 ? 'true' : 'false',
    );
    const opened = (some: typeof stored): string[] =>
      openTargets(
        devices.seal,
        some.map(({ row }) => row),
      );
    const former = await formerOf(tx, devices.seal, app, user);
    return { own: [...opened(own), ...former.own], shared: [...opened(shared), ...former.shared] };
  },
  async erase(tx, app, user) {
    await forgetFormer(tx, app, user);
    const ids = await devicesOf(tx, app, user);
    if (ids.length === 0) return { devices: 0 };
    const shared = await tx
      .selectFrom('device_users')
      .select('device')
      .distinct()
      .where('app', '=', app)
      .where('device', 'in', ids)
      .where('user', '!=', user)
      .execute();
    const kept = new Set(shared.map(({ device }) => device));
    const gone = ids.filter((id) => !kept.has(id));
    await tx.deleteFrom('device_users').where('app', '=', app).where('user', '=', user).execute();
    await deleteDevices(tx, app, gone);
    return { devices: gone.length };
  },
  export: (_db, app, user) => devices.list(app, user, { limit: MOST_EXPORTED }),
});

async function devicesOf(tx: HubDb, app: string, user: string): Promise<string[]> {
  const rows = await tx
    .selectFrom('device_users')
    .select('device')
    .where('app', '=', app)
    .where('user', '=', user)
    .execute();
  return rows.map(({ device }) => device);
}
