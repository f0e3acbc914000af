/** Ids of events that callers have given them, so that one which comes again within a day is not done again. */
import type { HubDb, HubSeal } from '../storage/storage.ts';

const KEPT_MS = 24 * 3_600_000;

interface EventId {
  readonly app: string;
  readonly id: string;
  /** UNIX milliseconds. */
  readonly now: number;
}

const hashOf = (seal: HubSeal, { app, id }: EventId): string => seal.hash('incident-event', app, id);

export async function wasTaken(tx: HubDb, seal: HubSeal, event: EventId): Promise<boolean> {
  const row = await tx
    .selectFrom('incident_events')
    .select('at')
    .where('app', '=', event.app)
    .where('hash', '=', hashOf(seal, event))
    .executeTakeFirst();
  return row !== undefined && row.at > event.now - KEPT_MS;
}

/** In the transaction that does what the event asks for. */
export async function noteTaken(tx: HubDb, seal: HubSeal, event: EventId): Promise<void> {
  const { app, now: at } = event;
  await tx
    .insertInto('incident_events')
    .values({ app, hash: hashOf(seal, event), at })
    .onConflict((conflict) => conflict.columns(['app', 'hash']).doUpdateSet({ at }))
    .execute();
}

/** Deletes what is older than a day. */
export const forgetTaken = (db: HubDb, now: number): Promise<unknown> =>
  db
    .deleteFrom('incident_events')
    .where('at', '<=', now - KEPT_MS)
    .execute();
