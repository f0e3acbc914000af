import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import { erasedHash } from '../../people/erase-person.ts';
import type { HubDb, HubSeal } from '../../storage/storage.ts';
import type { Addressee } from './audience.ts';

/** Who was erased since a notification was accepted is another person now, whom it was not for. */
export async function withoutErased(
  db: HubDb,
  seal: HubSeal,
  { app, created_at: since }: Pick<AcceptedNotification, 'app' | 'created_at'>,
  people: readonly Addressee[],
): Promise<readonly Addressee[]> {
  if (people.length === 0) return people;
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
