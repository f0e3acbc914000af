import type { HubTable } from '../../hub/storage/storage.ts';
import type { Hub } from '../open-hub.ts';

/** Whom the sandbox has from its first start on, with a phone of each kind. */
export const SAMPLE_PERSON = 'ada';

const APP = 'default';
const BY = 'hub';

const devices: Readonly<Record<string, object>> = {
  'ada-iphone': { platform: 'ios', name: "Ada's iPhone", token: 'a1b2c3d4'.repeat(8) },
  'ada-pixel': { platform: 'android', name: "Ada's Pixel", token: 'token-of-the-pixel' },
  'ada-mate': { platform: 'huawei', name: "Ada's Mate", token: 'token-of-the-mate' },
};

async function isEmpty({ db }: Hub['store']): Promise<boolean> {
  const tables = ['users', 'devices', 'notifications', 'erased'] as const satisfies readonly HubTable[];
  for (const table of tables) if (await db.selectFrom(table).select('app').limit(1).executeTakeFirst()) return false;
  return true;
}

/**
 * Makes the sample person in a store in which nothing has ever been; someone who erased the sample does not get it again. For the
 * sandbox alone. A PostgreSQL is left as it is: other instances may share it.
 * @returns whether there is such a person
 */
export async function haveSamplePerson({
  store,
  people,
  devices: book,
}: Pick<Hub, 'store' | 'people' | 'devices'>): Promise<boolean> {
  if (store.engine === 'postgres') return false;
  if (await isEmpty(store)) {
    await people.put({ app: APP, id: SAMPLE_PERSON, by: BY }, { name: 'Ada' });
    for (const [id, device] of Object.entries(devices))
      await book.put({ app: APP, by: BY }, id, { user: SAMPLE_PERSON, ...device });
  }
  return (await people.get(APP, SAMPLE_PERSON)) !== undefined;
}
