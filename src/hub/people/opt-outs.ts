/** Types of notifications that people do not want by a channel any more, because they said so where a message of that type told them how. */
import type { HubDb } from '../storage/storage.ts';
import type { AddressKind, OptOut } from './person.ts';

export interface NewOptOut extends OptOut {
  readonly app: string;
  readonly user: string;
}

const NONE: readonly OptOut[] = [];

/** Of some people, by person; who has none is absent. */
export async function optOutsOf(
  db: HubDb,
  app: string,
  users: readonly string[],
): Promise<ReadonlyMap<string, readonly OptOut[]>> {
  if (users.length === 0) return new Map();
  const rows = await db
    .selectFrom('opt_outs')
    .selectAll()
    .where('app', '=', app)
    .where('user', 'in', users)
    .orderBy('channel')
    .orderBy('type')
    .execute();
  return new Map(
    [...Map.groupBy(rows, ({ user }) => user)].map(([user, own]) => [
      user,
      own.map(({ channel, type, at, source }) => ({ channel, type, at, source })),
    ]),
  );
}

export const optOutsIn = (all: ReadonlyMap<string, readonly OptOut[]>, user: string): readonly OptOut[] =>
  all.get(user) ?? NONE;

/** @returns whether it was not known before */
export async function addOptOut(tx: HubDb, { app, user, channel, type, at, source }: NewOptOut): Promise<boolean> {
  const added = await tx
    .insertInto('opt_outs')
    .values({ app, user, channel, type, at, source })
    .onConflict((conflict) => conflict.columns(['app', 'user', 'channel', 'type']).doNothing())
    .returning('type')
    .execute();
  return added.length > 0;
}

/** What a person wants again. */
export interface WantedAgain {
  readonly app: string;
  readonly user: string;
  /** Absent: by all of them. */
  readonly channels?: readonly AddressKind[] | undefined;
  /** Absent: of all. */
  readonly type?: string | undefined;
  /** Only what was opted out of until then, UNIX milliseconds. */
  readonly until: number;
}

/** @returns whether there was anything */
export async function removeOptOuts(tx: HubDb, { app, user, channels, type, until }: WantedAgain): Promise<boolean> {
  if (channels?.length === 0) return false;
  let query = tx.deleteFrom('opt_outs').where('app', '=', app).where('user', '=', user).where('at', '<=', until);
  if (channels) query = query.where('channel', 'in', channels);
  if (type !== undefined) query = query.where('type', '=', type);
  return (await query.returning('type').execute()).length > 0;
}
