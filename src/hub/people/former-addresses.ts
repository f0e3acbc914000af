/** Addresses that people had and have no more: what was sent to them may still lie in queues and histories when the person is erased. */
import type { HubDb, HubSeal } from '../storage/storage.ts';
import { addressKinds, addressOf, formerBound, type PersonDoc } from './person.ts';
import { addressHash } from './person-rows.ts';

export interface ChangedAddresses {
  readonly seal: HubSeal;
  readonly app: string;
  readonly user: string;
  readonly before: PersonDoc;
  readonly after: PersonDoc;
  /** UNIX milliseconds. */
  readonly now: number;
}

/** In the transaction that changes them. */
export async function noteFormerAddresses(
  tx: HubDb,
  { seal, app, user, before, after, now: at }: ChangedAddresses,
): Promise<void> {
  for (const kind of addressKinds) {
    const address = addressOf(before, kind);
    if (address === undefined || address === addressOf(after, kind)) continue;
    const hash = addressHash(seal, app, kind, address);
    const target = seal.seal(address, formerBound(app, user, hash));
    await tx
      .insertInto('former_targets')
      .values({ app, user, hash, target, at })
      .onConflict((conflict) => conflict.columns(['app', 'user', 'hash']).doUpdateSet({ at, target }))
      .execute();
  }
}
