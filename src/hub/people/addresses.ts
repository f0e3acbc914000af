import { sql } from 'kysely';
import type { HubDb, HubSeal } from '../storage/storage.ts';
import {
  type Addresses,
  type AddressKind,
  type AddressVerdict,
  addressKinds,
  addressOf,
  type Consent,
  type PersonDoc,
  type PersonVerdicts,
  type VerdictStatus,
} from './person.ts';
import { addressHash, hashColumn } from './person-rows.ts';

const ACTIVE: AddressVerdict = { status: 'active' };

export interface NewVerdict {
  readonly kind: AddressKind;
  readonly address: string;
  /** `active` takes an earlier verdict back. */
  readonly status: VerdictStatus;
  readonly reason?: string | undefined;
  /** UNIX milliseconds: a verdict that is older than the one that is known changes nothing. */
  readonly at: number;
  /** It changes nothing but this status. */
  readonly from?: VerdictStatus | undefined;
}

/** What someone has answered from an address. */
export interface AddressReply {
  readonly app: string;
  readonly kind: AddressKind;
  readonly address: string;
  readonly wants: 'stop' | 'start';
  /** UNIX milliseconds. */
  readonly at: number;
}

/** Notes what became known of an address, for everyone who has it. */
export async function noteVerdict(tx: HubDb, seal: HubSeal, app: string, verdict: NewVerdict): Promise<void> {
  const { kind, address, status, reason = null, at, from } = verdict;
  const hash = addressHash(seal, app, kind, address);
  const row = { app, kind, hash, status, reason, at };
  const noted =
    from === undefined
      ? await tx
          .insertInto('addresses')
          .values(row)
          .onConflict((conflict) =>
            conflict
              .columns(['app', 'kind', 'hash'])
              .doUpdateSet({ status, reason, at })
              .where('addresses.at', '<=', at),
          )
          .returning('kind')
          .execute()
      : await tx
          .updateTable('addresses')
          .set({ status, reason, at })
          .where('app', '=', app)
          .where('kind', '=', kind)
          .where('hash', '=', hash)
          .where('status', '=', from)
          .where('at', '<=', at)
          .returning('kind')
          .execute();
  if (noted.length > 0) await touchUsers(tx, app, await holdersOf(tx, app, kind, hash), at);
}

/** Ids of the people who have an address. */
async function holdersOf(tx: HubDb, app: string, kind: AddressKind, hash: string): Promise<string[]> {
  const rows = await tx
    .selectFrom('users')
    .select('id')
    .where('app', '=', app)
    .where(hashColumn(kind), '=', hash)
    .execute();
  return rows.map(({ id }) => id);
}

/** What answers show of people is another: it has another ETag. */
export async function touchUsers(tx: HubDb, app: string, users: readonly string[], now: number): Promise<void> {
  if (users.length === 0) return;
  await tx
    .updateTable('users')
    .set({ rev: sql<number>`rev + 1`, updated_at: now })
    .where('app', '=', app)
    .where('id', 'in', users)
    .execute();
}

/** Sets the consent of everyone who has an address. @returns whose it was */
export async function consentOfHolders(
  tx: HubDb,
  seal: HubSeal,
  app: string,
  { kind, address, consent }: Pick<NewVerdict, 'kind' | 'address'> & { readonly consent: Consent },
): Promise<string[]> {
  const users = await holdersOf(tx, app, kind, addressHash(seal, app, kind, address));
  for (const id of users) {
    const row = await tx
      .selectFrom('users')
      .select('consent')
      .where('app', '=', app)
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    const all = { ...(JSON.parse(row.consent) as PersonDoc['consent']), [kind]: consent };
    await tx
      .updateTable('users')
      .set({ consent: JSON.stringify(all), rev: sql<number>`rev + 1`, updated_at: consent.at })
      .where('app', '=', app)
      .where('id', '=', id)
      .execute();
  }
  return users;
}

/** What is known of the addresses of some people, in the order of the people. */
export async function verdictsOf(
  db: HubDb,
  seal: HubSeal,
  app: string,
  people: readonly Addresses[],
): Promise<PersonVerdicts[]> {
  const hashes = people.map((person) =>
    addressKinds.flatMap((kind) => {
      const address = addressOf(person, kind);
      return address === undefined ? [] : [{ kind, hash: addressHash(seal, app, kind, address) }];
    }),
  );
  const all = [...new Set(hashes.flatMap((each) => each.map(({ hash }) => hash)))];
  const rows =
    all.length === 0
      ? []
      : await db.selectFrom('addresses').selectAll().where('app', '=', app).where('hash', 'in', all).execute();
  const known = new Map(
    rows.map(({ kind, hash, status, reason, at }) => [
      `${kind} ${hash}`,
      { status, at, ...(reason === null ? {} : { reason }) } as AddressVerdict,
    ]),
  );
  return hashes.map((each) =>
    Object.fromEntries(each.map(({ kind, hash }) => [kind, known.get(`${kind} ${hash}`) ?? ACTIVE])),
  );
}
