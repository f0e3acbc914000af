import { type DevicePlatforms, tokenHash } from '../hub/devices/device-target.ts';
import type { HubStore } from '../hub/storage/storage.ts';

/** Ids of the devices that have a token, or the JSON or the endpoint of a subscription, on whatever platform. */
export async function devicesWithToken(
  { db, seal }: Pick<HubStore, 'db' | 'seal'>,
  { providers, sectionOf }: DevicePlatforms,
  app: string,
  token: string,
): Promise<string[]> {
  const hashes = providers.rows.flatMap(({ platform, devices }) => {
    if (!devices) return [];
    const identity = devices.identity?.(token, sectionOf(app, platform) as never) ?? token;
    return [...new Set([identity, token])].map((each) => tokenHash(seal, app, platform, each));
  });
  const rows = await db
    .selectFrom('devices')
    .select('id')
    .where('app', '=', app)
    .where('token_hash', 'in', hashes)
    .execute();
  return rows.map(({ id }) => id);
}
