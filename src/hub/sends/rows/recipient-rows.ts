import type { HubDb, NewRow, Row } from '../../storage/storage.ts';

const UNMARKED = { seen_at: null, read_at: null, acked_at: null, acted_at: null, removed_at: null };

export type NewRecipient = Pick<
  NewRow<'recipients'>,
  'app' | 'notification' | 'user' | 'place' | 'visible_at' | 'hidden'
>;

/** Rows a statement. */
const AT_ONCE = 500;

export async function insertRecipients(tx: HubDb, rows: readonly NewRecipient[]): Promise<void> {
  for (let at = 0; at < rows.length; at += AT_ONCE)
    await tx
      .insertInto('recipients')
      .values(rows.slice(at, at + AT_ONCE).map((row) => ({ ...row, ...UNMARKED })))
      .onConflict((conflict) => conflict.columns(['app', 'notification', 'user']).doNothing())
      .execute();
}

/** Of these notifications and people. */
export const recipientRows = (
  db: HubDb,
  app: string,
  notifications: readonly string[],
  users: readonly string[],
): Promise<Row<'recipients'>[]> =>
  notifications.length === 0 || users.length === 0
    ? Promise.resolve([])
    : db
        .selectFrom('recipients')
        .selectAll()
        .where('app', '=', app)
        .where('notification', 'in', notifications)
        .where('user', 'in', users)
        .execute();
