import type { HubDb, HubSeal } from '../storage/storage.ts';
import {
  type Addresses,
  type AddressKind,
  type AddressVerdict,
  addressKinds,
  addressOf,
  type PersonVerdicts,
  type VerdictStatus,
} from './person.ts';
import { addressHash } from './person-rows.ts';

const ACTIVE: AddressVerdict = { status: 'active' };

interface NewVerdict {
  readonly kind: AddressKind;
  readonly address: string;
  /** `active` takes an earlier verdict back. */
  readonly status: VerdictStatus;
  readonly reason?: string | undefined;
  /** UNIX milliseconds: a verdict that is older than the one that is known changes nothing. */
  readonly at: number;
}

/** Notes what became known of an address, for everyone who has it. */
export async function noteVerdict(tx: HubDb, seal: HubSeal, app: string, verdict: NewVerdict): Promise<void> {
  const { kind, address, status, reason = null, at } = verdict;
  const hash = addressHash(seal, app, kind, address);
  await tx
    .insertInto('addresses')
    .values({ app, kind, hash, status, reason, at })
    .onConflict((conflict) =>
      conflict.columns(['app', 'kind', 'hash']).doUpdateSet({ status, reason, at }).where('addresses.at', '<=', at),
    )
    .execute();
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
