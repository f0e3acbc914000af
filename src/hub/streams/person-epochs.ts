/**
 * When a person's stream began: with its row, else with the store, but after the person was last erased, so that no id of before has
 * a meaning afterwards.
 */
import { sql } from 'kysely';
import { prepared } from '../storage/prepared.ts';
import type { HubDb, HubSeal } from '../storage/storage.ts';
import type { PersonOfKey } from './person-key.ts';

const AT_ONCE = 500;

const since = (db: HubDb, app: string, epoch: number) =>
  db.selectFrom('erased').select(['hash', 'at']).where('app', '=', app).where('at', '>=', epoch);

const anySince = prepared((db, { app, epoch }: { readonly app: string; readonly epoch: number }) =>
  since(db, app, epoch).limit(sql.lit(1)),
);

/** Epochs of people of one app who have no stream, where that is later than the store's. */
export async function laterEpochs<Person extends PersonOfKey>(
  db: HubDb,
  seal: Pick<HubSeal, 'hash'>,
  people: readonly Person[],
  epoch: number,
): Promise<ReadonlyMap<Person, number>> {
  const later = new Map<Person, number>();
  for (const [app, some] of Map.groupBy(people, (person) => person.app))
    for (let at = 0; at < some.length; at += AT_ONCE)
      await addErased(db, seal, { app, epoch, people: some.slice(at, at + AT_ONCE) }, later);
  return later;
}

interface Asked<Person> {
  readonly app: string;
  readonly epoch: number;
  readonly people: readonly Person[];
}

async function addErased<Person extends PersonOfKey>(
  db: HubDb,
  seal: Pick<HubSeal, 'hash'>,
  { app, epoch, people }: Asked<Person>,
  later: Map<Person, number>,
): Promise<void> {
  // Most apps have erased no one since, and hashes cost more than this question.
  if ((await anySince(db, { app, epoch })).length === 0) return;
  const byHash = new Map(people.map((person) => [seal.hash('erased', app, person.user), person]));
  for (const { hash, at } of await since(db, app, epoch)
    .where('hash', 'in', [...byHash.keys()])
    .execute())
    later.set(byHash.get(hash) as Person, at + 1);
}
