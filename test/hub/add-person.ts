import type { HubStore } from '../../src/hub/storage/storage.ts';

const NOTHING = {
  ...{ locale: null, timezone: null, email_hash: null, phone_hash: null, slack_hash: null, last_seen_at: null },
  ...{ consent: '{}', rev: 1, created_at: 1, updated_at: 1 },
};

/** A person of whom nothing is known but the id; who is there already stays as they are. */
export async function addPerson(store: HubStore | undefined, app: string, id: string): Promise<void> {
  const profile = store?.seal.seal('{}', `user:${app}:${id}`) ?? '';
  await store?.write((tx) =>
    tx
      .insertInto('users')
      .values({ ...NOTHING, profile, app, id })
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  );
}
