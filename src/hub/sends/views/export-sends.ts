/** What was sent to a person, for an export: what it said, where it stands, what was decided, and what the person did with it. */
import { isoInstant } from '../../../kit/time/instant.ts';
import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import type { HubPolicy } from '../../notifications/policy.ts';
import { contentOf } from '../../notifications/render/content.ts';
import type { ExportedPart } from '../../people/person.ts';
import type { HubDb, HubStore, Row } from '../../storage/storage.ts';
import { readable } from '../../storage/unreadable.ts';
import { decisionsOfOne } from '../rows/decision-rows.ts';
import { findNotifications, openDoc } from '../rows/notification-rows.ts';
import { storedDecisionView, type WordsOf } from './notification-view.ts';

export interface SendsExportParts {
  readonly store: Pick<HubStore, 'seal'>;
  readonly policyOf: (app: string) => HubPolicy;
  readonly wordsOf: WordsOf;
}

/** Notifications a piece: others have their turn between two. What they say may be a megabyte each. */
const PIECE = 200;
const PIECE_OF_TEXTS = 10;

type Recipient = Row<'recipients'>;

/** A person's notifications in the order in which they came. */
async function* recipientsOf(db: HubDb, app: string, user: string, size: number): AsyncGenerator<readonly Recipient[]> {
  let after = { place: 0, notification: '' };
  for (;;) {
    const rows = await db
      .selectFrom('recipients')
      .selectAll()
      .where('app', '=', app)
      .where('user', '=', user)
      .where('place', '>=', after.place)
      .where((eb) => eb.or([eb('place', '>', after.place), eb('notification', '>', after.notification)]))
      .orderBy('place')
      .orderBy('notification')
      .limit(size)
      .execute();
    yield rows;
    const last = rows.at(-1);
    if (rows.length < size || !last) return;
    after = last;
    await new Promise(setImmediate);
  }
}

type Make = (db: HubDb, rows: readonly Recipient[]) => Promise<readonly unknown[]> | readonly unknown[];

const part = (name: string, make: Make, size = PIECE): ExportedPart => ({
  name,
  async *export(db, app, user) {
    for await (const rows of recipientsOf(db, app, user, size)) if (rows.length > 0) yield await make(db, rows);
  },
});

const times = (of: Readonly<Record<string, number | null>>): Record<string, string> =>
  Object.fromEntries(Object.entries(of).flatMap(([name, at]) => (at === null ? [] : [[name, isoInstant(at)]])));

const inboxOf = ({
  notification,
  hidden,
  visible_at,
  seen_at,
  read_at,
  acked_at,
  acted_at,
  removed_at,
}: Recipient) => ({
  notification,
  shown: hidden === 0 && removed_at === null,
  ...times({ visible_at, seen_at, read_at, acked_at, acted_at, removed_at }),
});

/** What it said, without others whom it was for. */
function said({ store, policyOf }: SendsExportParts, row: Row<'notifications'>) {
  const notification = readable(() => openDoc<AcceptedNotification>(store.seal, row));
  const { id, created_at } = row;
  if (!notification)
    return { id, type: row.type, priority: row.priority, created_at: isoInstant(created_at), unreadable: true };
  const { hidden: _, ...content } = contentOf({ notification, policy: policyOf(row.app) }, 'realtime', []);
  const { type, priority, severity, status } = notification;
  const about = { severity, status, ...content };
  return {
    ...{ id, type, priority, created_at: isoInstant(created_at) },
    ...Object.fromEntries(Object.entries(about).filter(([, value]) => value !== undefined)),
  };
}

const engagementOf = ({ notification, device, event, action, at }: Row<'engagements'>) => ({
  ...{ notification, event, at: isoInstant(at) },
  ...(device === '' ? {} : { device }),
  ...(action === '' ? {} : { action }),
});

const ids = (rows: readonly Recipient[]): string[] => rows.map(({ notification }) => notification);

/** In the order of an export. */
export const sendsExports = (parts: SendsExportParts): readonly ExportedPart[] => [
  part(
    'notifications',
    async (db, rows) => {
      const found = await findNotifications(db, rows[0]?.app ?? '', ids(rows));
      const byId = new Map(found.map((row) => [row.id, row]));
      return rows.flatMap(({ notification }) => {
        const row = byId.get(notification);
        return row ? [said(parts, row)] : [];
      });
    },
    PIECE_OF_TEXTS,
  ),
  part('inbox', (_db, rows) => rows.map(inboxOf)),
  part('decisions', async (db, rows) => {
    const [{ app, user }] = rows as [Recipient];
    const decisions = await decisionsOfOne(db, { app, user }, ids(rows));
    return decisions.map((row) => ({ notification: row.notification, ...storedDecisionView(row, parts.wordsOf) }));
  }),
  part('engagements', async (db, rows) => {
    const [{ app, user }] = rows as [Recipient];
    const engagements = await db
      .selectFrom('engagements')
      .selectAll()
      .where('app', '=', app)
      .where('notification', 'in', ids(rows))
      .where('user', '=', user)
      .orderBy('notification')
      .orderBy('at')
      .execute();
    return engagements.map(engagementOf);
  }),
];
