import { type ActorName, auditChanges } from '../storage/audit.ts';
import type { HubDb, HubSeal } from '../storage/storage.ts';
import type { ErasedCounts, PersonPart } from './person.ts';
import { addressHashes, hashColumn } from './person-rows.ts';

export interface Erasure {
  readonly seal: HubSeal;
  readonly app: string;
  readonly user: string;
  readonly by: ActorName;
  readonly now: number;
  readonly parts: readonly PersonPart[];
}

const erasedHash = (seal: HubSeal, app: string, user: string): string => seal.hash('erased', app, user);

/** Deletes rows and says how many. */
const count = async (query: { executeTakeFirst(): Promise<{ numDeletedRows: bigint } | undefined> }): Promise<number> =>
  Number((await query.executeTakeFirst())?.numDeletedRows ?? 0n);

/** Verdicts about addresses that no one else has. */
async function eraseAddresses(tx: HubDb, app: string, user: string): Promise<number> {
  const row = await tx
    .selectFrom('users')
    .select(['email_hash', 'phone_hash', 'slack_hash'])
    .where('app', '=', app)
    .where('id', '=', user)
    .executeTakeFirst();
  let erased = 0;
  for (const [kind, hash] of row ? addressHashes(row) : []) {
    const other = await tx
      .selectFrom('users')
      .select('id')
      .where('app', '=', app)
      .where(hashColumn(kind), '=', hash)
      .where('id', '!=', user)
      .executeTakeFirst();
    if (other) continue;
    erased += await count(
      tx.deleteFrom('addresses').where('app', '=', app).where('kind', '=', kind).where('hash', '=', hash),
    );
  }
  return erased;
}

/** What a person has received, and was still to: notifications to that person alone go, too. */
async function eraseSends(tx: HubDb, app: string, user: string): Promise<ErasedCounts> {
  const decided = await tx
    .selectFrom('decisions')
    .select('due_row')
    .where('app', '=', app)
    .where('user', '=', user)
    .where('due_row', 'is not', null)
    .execute();
  let held = 0;
  for (const { due_row } of decided)
    held += await count(
      tx
        .deleteFrom('due')
        .where('app', '=', app)
        .where('id', '=', due_row as string),
    );
  const own = tx.selectFrom('recipients').select('notification').where('app', '=', app).where('user', '=', user);
  const shared = tx.selectFrom('recipients').select('notification').where('app', '=', app).where('user', '!=', user);
  const alone = await tx
    .selectFrom('notifications')
    .select('id')
    .where('app', '=', app)
    .where('id', 'in', own)
    .where('id', 'not in', shared.where('notification', 'in', own))
    .execute();
  const notifications = await count(tx.deleteFrom('recipients').where('app', '=', app).where('user', '=', user));
  const decisions = await count(tx.deleteFrom('decisions').where('app', '=', app).where('user', '=', user));
  for (const { id } of alone) {
    await tx.deleteFrom('handovers').where('app', '=', app).where('notification', '=', id).execute();
    await tx.deleteFrom('notifications').where('app', '=', app).where('id', '=', id).execute();
  }
  const digested = await count(tx.deleteFrom('digest_items').where('app', '=', app).where('user', '=', user));
  await tx.deleteFrom('usage').where('app', '=', app).where('user', '=', user).execute();
  return { notifications, decisions, held: held + digested };
}

/** Deletes all of a person in one transaction, and notes that it was done under a salted hash. */
export async function erasePerson(tx: HubDb, { seal, app, user, by, now, parts }: Erasure): Promise<ErasedCounts> {
  const counts: Record<string, number> = {};
  for (const part of parts) {
    const erased = await part.erase(tx, app, user);
    for (const [kind, number] of Object.entries(erased)) counts[kind] = (counts[kind] ?? 0) + number;
  }
  Object.assign(counts, await eraseSends(tx, app, user));
  counts.addresses = await eraseAddresses(tx, app, user);
  counts.settings = await count(tx.deleteFrom('settings').where('app', '=', app).where('user', '=', user));
  counts.topics = await count(tx.deleteFrom('topic_users').where('app', '=', app).where('user', '=', user));
  await tx.deleteFrom('user_roles').where('app', '=', app).where('user', '=', user).execute();
  await tx.deleteFrom('user_teams').where('app', '=', app).where('user', '=', user).execute();
  const target = `user:${user}`;
  const aboutOrBy = tx.deleteFrom('audit').where('app', '=', app);
  await aboutOrBy.where((where) => where.or([where('target', '=', target), where('by', '=', target)])).execute();
  const caller = `user:${seal.hash('user', app, user)}`;
  await tx.deleteFrom('idempotency').where('app', '=', app).where('caller', '=', caller).execute();
  counts.users = await count(tx.deleteFrom('users').where('app', '=', app).where('id', '=', user));
  const hash = erasedHash(seal, app, user);
  await tx
    .insertInto('erased')
    .values({ app, hash, at: now })
    .onConflict((conflict) => conflict.columns(['app', 'hash']).doUpdateSet({ at: now }))
    .execute();
  const actor = by === target ? `erased:${hash}` : by;
  await auditChanges(tx, [{ app, at: now, by: actor, action: 'user.erased', target: `erased:${hash}` }]);
  return counts;
}

/** UNIX milliseconds; undefined: never. */
export async function erasedAt(db: HubDb, seal: HubSeal, app: string, user: string): Promise<number | undefined> {
  const hash = erasedHash(seal, app, user);
  const row = await db
    .selectFrom('erased')
    .select('at')
    .where('app', '=', app)
    .where('hash', '=', hash)
    .executeTakeFirst();
  return row?.at;
}
