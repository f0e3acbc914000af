import { type ActorName, auditChanges } from '../storage/audit.ts';
import type { HubDb, HubSeal } from '../storage/storage.ts';
import { countErasure } from './erasures.ts';
import { type AddressKind, addressOf, type ErasedCounts, type PersonPart, type PersonTargets } from './person.ts';
import { addressHashes, hashColumn, loadPerson } from './person-rows.ts';

export interface Erasure {
  readonly seal: HubSeal;
  readonly app: string;
  readonly user: string;
  readonly by: ActorName;
  readonly now: number;
  readonly parts: readonly PersonPart[];
}

/** What an erased id is known by. */
export const erasedHash = (seal: HubSeal, app: string, user: string): string => seal.hash('erased', app, user);

/** Deletes rows and says how many. */
const count = async (query: { executeTakeFirst(): Promise<{ numDeletedRows: bigint } | undefined> }): Promise<number> =>
  Number((await query.executeTakeFirst())?.numDeletedRows ?? 0n);

/** Hashes of a person's addresses, and whether someone else has them, too. */
async function addressesOf(
  tx: HubDb,
  app: string,
  user: string,
): Promise<{ readonly kind: AddressKind; readonly hash: string; readonly isShared: boolean }[]> {
  const row = await tx
    .selectFrom('users')
    .select(['email_hash', 'phone_hash', 'slack_hash'])
    .where('app', '=', app)
    .where('id', '=', user)
    .executeTakeFirst();
  const found = [];
  for (const [kind, hash] of row ? addressHashes(row) : []) {
    const other = await tx
      .selectFrom('users')
      .select('id')
      .where('app', '=', app)
      .where(hashColumn(kind), '=', hash)
      .where('id', '!=', user)
      .executeTakeFirst();
    found.push({ kind, hash, isShared: other !== undefined });
  }
  return found;
}

/** What a person is sent to by, as long as the person is there. */
export async function targetsOf(
  tx: HubDb,
  { seal, app, user, parts }: Pick<Erasure, 'seal' | 'app' | 'user' | 'parts'>,
): Promise<PersonTargets> {
  const person = await loadPerson(tx, seal, app, user);
  const addresses = person ? await addressesOf(tx, app, user) : [];
  const named = (isShared: boolean): string[] =>
    addresses.flatMap((each) => (each.isShared === isShared && person ? (addressOf(person, each.kind) ?? []) : []));
  const own = named(false);
  const shared = named(true);
  for (const part of parts) {
    const more = await part.targets?.(tx, app, user);
    own.push(...(more?.own ?? []));
    shared.push(...(more?.shared ?? []));
  }
  return { own, shared };
}

/** Verdicts about addresses that no one else has. */
async function eraseAddresses(tx: HubDb, app: string, user: string): Promise<number> {
  let erased = 0;
  for (const { kind, hash, isShared } of await addressesOf(tx, app, user)) {
    if (isShared) continue;
    erased += await count(
      tx.deleteFrom('addresses').where('app', '=', app).where('kind', '=', kind).where('hash', '=', hash),
    );
  }
  return erased;
}

/** Deletes all of a person in one transaction, and notes that it was done under a salted hash. */
export async function erasePerson(tx: HubDb, { seal, app, user, by, now, parts }: Erasure): Promise<ErasedCounts> {
  const counts: Record<string, number> = {};
  for (const part of parts) {
    const erased = await part.erase(tx, app, user);
    for (const [kind, number] of Object.entries(erased)) counts[kind] = (counts[kind] ?? 0) + number;
  }
  counts.addresses = await eraseAddresses(tx, app, user);
  counts.opt_outs = await count(tx.deleteFrom('opt_outs').where('app', '=', app).where('user', '=', user));
  counts.topics = await count(tx.deleteFrom('topic_users').where('app', '=', app).where('user', '=', user));
  await tx.deleteFrom('user_roles').where('app', '=', app).where('user', '=', user).execute();
  await tx.deleteFrom('user_teams').where('app', '=', app).where('user', '=', user).execute();
  const caller = `user:${seal.hash('user', app, user)}`;
  await tx.deleteFrom('idempotency').where('app', '=', app).where('caller', '=', caller).execute();
  counts.users = await count(tx.deleteFrom('users').where('app', '=', app).where('id', '=', user));
  const hash = erasedHash(seal, app, user);
  const place = await countErasure(tx, app);
  await tx
    .insertInto('erased')
    .values({ app, hash, at: now, place })
    .onConflict((conflict) => conflict.columns(['app', 'hash']).doUpdateSet({ at: now, place }))
    .execute();
  await auditChanges(tx, seal, [{ app, at: now, by, action: 'user.erased', target: `user:${user}` }]);
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
