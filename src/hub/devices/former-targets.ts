/**
 * Tokens that people had and have no more: of devices that were replaced, evicted, deleted or handed on, or that got another token. What
 * was sent to them may still lie in queues, receipts and histories, from which an erasure takes it. Beside them are addresses that
 * people had (src/hub/people/former-addresses.ts).
 */
import { formerBound as bound, type PersonTargets } from '../people/person.ts';
import { prepared } from '../storage/prepared.ts';
import type { HubDb, HubSeal } from '../storage/storage.ts';
import { readable } from '../storage/unreadable.ts';
import { type LostTarget, MOST_IDS, openTarget } from './device-rows.ts';

/** In the transaction that takes them away. @param now UNIX milliseconds */
export async function noteFormer(
  tx: HubDb,
  { seal, app, now }: { readonly seal: HubSeal; readonly app: string; readonly now: number },
  lost: readonly LostTarget[],
): Promise<void> {
  for (const { row, users } of lost) {
    const token = readable(() => openTarget(seal, row));
    if (token === undefined) continue;
    for (const user of users) {
      const { token_hash: hash } = row;
      const target = seal.seal(token, bound(app, user, hash));
      await tx
        .insertInto('former_targets')
        .values({ app, user, hash, target, at: now })
        .onConflict((conflict) => conflict.columns(['app', 'user', 'hash']).doUpdateSet({ at: now }))
        .execute();
    }
  }
}

const ofUser = prepared((db, { app, user }: { readonly app: string; readonly user: string }) =>
  db.selectFrom('former_targets').select(['hash', 'target']).where('app', '=', app).where('user', '=', user),
);

/** Those that a person had. One that others have now is `shared`. */
export async function formerOf(tx: HubDb, seal: HubSeal, app: string, user: string): Promise<PersonTargets> {
  const own: string[] = [];
  const shared: string[] = [];
  const rows = await ofUser(tx, { app, user });
  for (let at = 0; at < rows.length; at += MOST_IDS) {
    const some = rows.slice(at, at + MOST_IDS);
    const theirs = await hadByOthers(
      tx,
      app,
      user,
      some.map(({ hash }) => hash),
    );
    for (const { hash, target } of some) {
      const token = readable(() => seal.open(target, bound(app, user, hash)));
      if (token !== undefined) (theirs.has(hash) ? shared : own).push(token);
    }
  }
  return { own, shared };
}

async function hadByOthers(
  tx: HubDb,
  app: string,
  user: string,
  hashes: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await tx
    .selectFrom('devices')
    .innerJoin('device_users', (join) =>
      join.onRef('device_users.app', '=', 'devices.app').onRef('device_users.device', '=', 'devices.id'),
    )
    .select('devices.token_hash')
    .where('devices.app', '=', app)
    .where('devices.token_hash', 'in', hashes)
    .where('device_users.user', '!=', user)
    .execute();
  const people = await tx
    .selectFrom('users')
    .select(['email_hash', 'phone_hash', 'slack_hash'])
    .where('app', '=', app)
    .where('id', '!=', user)
    .where((eb) =>
      eb.or([eb('email_hash', 'in', hashes), eb('phone_hash', 'in', hashes), eb('slack_hash', 'in', hashes)]),
    )
    .execute();
  const theirs = people.flatMap((row) => [row.email_hash, row.phone_hash, row.slack_hash]);
  return new Set([...rows.map(({ token_hash: hash }) => hash), ...theirs.filter((hash) => hash !== null)]);
}

export async function forgetFormer(tx: HubDb, app: string, user: string): Promise<void> {
  await tx.deleteFrom('former_targets').where('app', '=', app).where('user', '=', user).execute();
}

/** Forgets what is older. @param before UNIX milliseconds */
export async function sweepFormer(tx: HubDb, before: number): Promise<void> {
  await tx.deleteFrom('former_targets').where('at', '<', before).execute();
}
