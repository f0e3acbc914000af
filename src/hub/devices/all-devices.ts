import type { ProviderTable } from '../../providers/registry.ts';
import type { HubDb } from '../storage/storage.ts';
import { readable } from '../storage/unreadable.ts';
import { type DeviceReading, deviceOf, MOST_IDS, openTarget, type StoredDevice, withLinks } from './device-rows.ts';
import { type DevicePlatforms, maskedTarget } from './device-target.ts';
import { deviceView } from './device-view.ts';

export interface AllDevicesParts {
  readonly db: HubDb;
  readonly reading: DeviceReading;
  readonly providers: ProviderTable;
}

const UNREADABLE = '***';

/** A device as the API shows it. @param target its token, where that is open already */
export function shownDevice(
  stored: StoredDevice,
  reading: DeviceReading,
  platforms: Pick<DevicePlatforms, 'providers'>,
  target = readable(() => openTarget(reading.seal, stored.row)),
) {
  const mask = target === undefined ? UNREADABLE : maskedTarget(platforms, stored.row.platform, target);
  return { ...deviceView(deviceOf(stored, reading), mask), ...(target === undefined ? { unreadable: true } : {}) };
}

/**
 * All devices of an app in the order of their ids, in pieces, as the API shows them. Each piece is a query of its own.
 * @param withTokens shows the tokens, for moving house; never over HTTP
 */
export async function* allDevices(
  { db, reading, providers }: AllDevicesParts,
  app: string,
  withTokens: boolean,
): AsyncGenerator<readonly ReturnType<typeof shownDevice>[]> {
  for (let after = ''; ; ) {
    const rows = await db
      .selectFrom('devices')
      .selectAll()
      .where('app', '=', app)
      .where('id', '>', after)
      .orderBy('id')
      .limit(MOST_IDS)
      .execute();
    const stored = await withLinks(db, app, rows);
    if (stored.length > 0) yield stored.map((each) => shown(each, { reading, providers, withTokens }));
    if (rows.length < MOST_IDS) return;
    after = rows.at(-1)?.id as string;
  }
}

function shown(
  stored: StoredDevice,
  { reading, providers, withTokens }: Omit<AllDevicesParts, 'db'> & { readonly withTokens: boolean },
) {
  const target = readable(() => openTarget(reading.seal, stored.row));
  const view = shownDevice(stored, reading, { providers }, target);
  if (!withTokens || target === undefined) return view;
  const isSubscription = providers.ofPlatform(stored.row.platform)?.devices?.ofSubscription !== undefined;
  return { ...view, ...(isSubscription ? { subscription: JSON.parse(target) as object } : { token: target }) };
}
