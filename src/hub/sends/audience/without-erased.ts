import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import { erasedHash } from '../../people/erase-person.ts';
import { prepared } from '../../storage/prepared.ts';
import type { HubDb, HubSeal, Row } from '../../storage/storage.ts';
import type { HubTables } from '../../storage/tables.ts';
import type { Addressee } from './audience.ts';

interface Since {
  readonly app: string;
  readonly time: number;
  /** How many erasures there were before. */
  readonly count: number;
}

/** Those that were not counted, by an earlier version, are known by their time. */
const since =
  ({ app, time, count }: Since) =>
  (eb: ExpressionBuilder<HubTables, 'erased'>): Expression<SqlBool> =>
    eb.and([
      eb('app', '=', app),
      eb.or([eb('place', '>', count), eb.and([eb('place', '=', sql.lit(0)), eb('at', '>=', time)])]),
    ]);

const anySince = prepared((db, of: Since) => db.selectFrom('erased').select('hash').where(since(of)).limit(sql.lit(1)));

/** Who was erased since a notification was accepted is another person now, whom it was not for. */
export async function withoutErased(
  db: HubDb,
  seal: HubSeal,
  { app, created_at: time, erasures }: Pick<Row<'notifications'>, 'app' | 'created_at' | 'erasures'>,
  people: readonly Addressee[],
): Promise<readonly Addressee[]> {
  if (people.length === 0) return people;
  // One that was accepted before erasures were counted was so before all that are.
  const of = { app, time, count: erasures ?? 0 };
  // Most apps have erased no one since, and hashes cost more than this question.
  if ((await anySince(db, of)).length === 0) return people;
  const hashes = new Map(people.map((each) => [erasedHash(seal, app, each.user), each]));
  const rows = await db
    .selectFrom('erased')
    .select('hash')
    .where(since(of))
    .where('hash', 'in', [...hashes.keys()])
    .execute();
  for (const { hash } of rows) hashes.delete(hash);
  return [...hashes.values()];
}
