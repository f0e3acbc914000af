import { epochOf, eventId } from '../../streams/event-id.ts';
import type { PersonPart } from '../people/person.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import { openEvent } from './asked-entry.ts';
import { personKey } from './person-key.ts';
import { removeStream } from './trim-streams.ts';

/** What streams keep of a person in the hub's store: events, and tickets that were not used. @param rest what they keep elsewhere */
export const streamsPart = (store: HubStore, rest: Pick<PersonPart, 'erased'> = {}): PersonPart => ({
  ...rest,
  name: 'stream',
  async erase(tx, app, user) {
    const events = await removeStream(tx, { app, user });
    await tx.deleteFrom('stream_tickets').where('app', '=', app).where('user', '=', user).execute();
    return { events };
  },
  export: (db, app, user) => exported(db, store, app, user),
});

async function exported(db: HubDb, { seal }: HubStore, app: string, user: string): Promise<unknown> {
  const head = await db
    .selectFrom('stream_heads')
    .select('epoch')
    .where('app', '=', app)
    .where('user', '=', user)
    .executeTakeFirst();
  if (!head) return undefined;
  const rows = await db
    .selectFrom('stream_events')
    .selectAll()
    .where('app', '=', app)
    .where('user', '=', user)
    .orderBy('place')
    .execute();
  const epoch = epochOf(head.epoch, personKey(app, user));
  return rows.map((row) => {
    const { type, payload } = openEvent(seal, app, row);
    const { place, timestamp } = row;
    return { id: eventId(epoch, place), type, timestamp, payload: JSON.parse(payload) as unknown };
  });
}
