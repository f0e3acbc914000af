import type { HubDb } from '../../storage/storage.ts';

export async function isEscalation(db: HubDb, app: string, name: string): Promise<boolean> {
  const row = await db
    .selectFrom('escalations')
    .select('name')
    .where('app', '=', app)
    .where('name', '=', name)
    .executeTakeFirst();
  return row !== undefined;
}
