import { sql } from 'kysely';
import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import { erasedHash } from '../../people/erase-person.ts';
import { prepared } from '../../storage/prepared.ts';
import type { HubDb, HubSeal } from '../../storage/storage.ts';
import type { Addressee } from './audience.ts';

const anySince = prepared((db, { app, since }: { readonly app: string; readonly since: number }) =>
  db.selectFrom('erased').select('hash').where('app', '=', app).where('at', '>=', since).limit(sql.lit(1)),
);

/** Who was erased since a notification was accepted is another person now, whom it was not for. */
export async function withoutErased(
  db: HubDb,
  seal: HubSeal,
  { app, created_at: since }: Pick<AcceptedNotification, 'app' | 'created_at'>,
  people: readonly Addressee[],
): Promise<readonly Addressee[]> {
  if (people.length === 0) return people;
  // Most apps have erased no one since, and hashes cost more than this question.
  if ((await anySince(db, { app, since })).length === 0) return people;
  const hashes = new Map(people.map((each) => [erasedHash(seal, app, each.user), each]));
  const rows = await db
    .selectFrom('erased')
    .select('hash')
    .where('app', '=', app)
    .where('hash', 'in', [...hashes.keys()])
    .where('at', '>=', since)
    .execute();
  for (const { hash } of rows) hashes.delete(hash);
  return [...hashes.values()];
}
