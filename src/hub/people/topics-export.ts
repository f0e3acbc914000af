import type { HubDb } from '../storage/storage.ts';
import type { ExportedPart } from './person.ts';

/** Topics a piece. */
const PIECE = 500;

/** The topics that a person is in; they go with the person. */
export const topicsExport: ExportedPart = { name: 'topics', export: topicsOf };

async function* topicsOf(db: HubDb, app: string, user: string): AsyncGenerator<readonly string[]> {
  for (let after = ''; ; ) {
    const rows = await db
      .selectFrom('topic_users')
      .select('topic')
      .where('app', '=', app)
      .where('user', '=', user)
      .where('topic', '>', after)
      .orderBy('topic')
      .limit(PIECE)
      .execute();
    yield rows.map(({ topic }) => topic);
    if (rows.length < PIECE) return;
    after = rows.at(-1)?.topic as string;
  }
}
