import { prepared } from '../../storage/prepared.ts';
import type { HubDb, NewRow, Row } from '../../storage/storage.ts';

const UNMARKED = { seen_at: null, read_at: null, acked_at: null, acted_at: null, removed_at: null };

export type NewRecipient = Pick<
  NewRow<'recipients'>,
  'app' | 'notification' | 'user' | 'place' | 'visible_at' | 'hidden'
>;

const insert = prepared((db, { rows }: { readonly rows: readonly NewRow<'recipients'>[] }) =>
  db
    .insertInto('recipients')
    .values(rows)
    .onConflict((conflict) => conflict.columns(['app', 'notification', 'user']).doNothing()),
);

export async function insertRecipients(tx: HubDb, rows: readonly NewRecipient[]): Promise<void> {
  await insert(tx, { rows: rows.map((row) => ({ ...row, ...UNMARKED })) });
}

interface OfPeople {
  readonly app: string;
  readonly notifications: readonly string[];
  readonly users: readonly string[];
}

const ofPeople = prepared((db, { app, notifications, users }: OfPeople) =>
  db
    .selectFrom('recipients')
    .selectAll()
    .where('app', '=', app)
    .where('notification', 'in', notifications)
    .where('user', 'in', users),
);

/** Of these notifications and people. */
export const recipientRows = (
  db: HubDb,
  app: string,
  notifications: readonly string[],
  users: readonly string[],
): Promise<Row<'recipients'>[]> => ofPeople(db, { app, notifications, users });

interface ToCome {
  readonly app: string;
  readonly notifications: Iterable<string>;
  /** Absent: everyone. */
  readonly users?: readonly string[];
  /** UNIX milliseconds. */
  readonly now: number;
}

/** What is not in inboxes yet is not to come any more, and is not there when its time has come either. */
export async function hideToCome(tx: HubDb, { app, notifications, users, now }: ToCome): Promise<void> {
  for (const notification of notifications) {
    const toCome = tx
      .updateTable('recipients')
      .set({ hidden: 1 })
      .where('app', '=', app)
      .where('notification', '=', notification)
      .where('visible_at', '>', now);
    await (users ? toCome.where('user', 'in', users) : toCome).execute();
  }
}
