import { epochOf, eventId } from '../../streams/event-id.ts';
import type { StreamEvent } from '../../streams/stream-event.ts';
import type { StreamCaps } from '../../streams/stream-store.ts';
import { among, prepared } from '../storage/prepared.ts';
import type { HubDb, HubSeal } from '../storage/storage.ts';
import { type AskedEntry, openEvent } from './asked-entry.ts';
import { personKey } from './person-key.ts';

/** Events that people were given before under the keys of these entries, and that are kept, by identity. */
export async function findKeyed(
  tx: HubDb,
  asked: readonly AskedEntry[],
  { seal, caps }: { readonly seal: Pick<HubSeal, 'open'>; readonly caps: StreamCaps },
): Promise<Map<string, StreamEvent>> {
  const found = new Map<string, StreamEvent>();
  const keyed = asked.filter(({ hash }) => hash !== undefined);
  for (const [app, some] of Map.groupBy(keyed, (each) => each.app))
    for (const row of await rowsOf(tx, app, some, caps)) {
      const id = eventId(epochOf(row.epoch, personKey(app, row.user)), row.place);
      found.set(row.hash, { ...openEvent(seal, app, row), id, timestamp: row.timestamp });
    }
  return found;
}

interface Asked {
  readonly app: string;
  readonly maxEvents: number;
  readonly keys: readonly Readonly<Record<'k.user' | 'k.hash', string>>[];
}

/** Each person with the one hash: of two lists every pair would be looked for. */
const find = prepared((db, { app, maxEvents, keys }: Asked) =>
  db
    .selectFrom('stream_keys as k')
    .innerJoin('stream_events as e', (join) =>
      join.onRef('e.app', '=', 'k.app').onRef('e.user', '=', 'k.user').onRef('e.place', '=', 'k.place'),
    )
    .innerJoin('stream_heads as h', (join) => join.onRef('h.app', '=', 'k.app').onRef('h.user', '=', 'k.user'))
    .select(['k.hash', 'e.user', 'e.place', 'e.type', 'e.payload', 'e.timestamp', 'h.epoch'])
    .where('k.app', '=', app)
    .where((eb) => eb('k.place', '>', eb('h.head', '-', maxEvents)))
    .where(among(['k.user', 'k.hash'], keys)),
);

const rowsOf = (tx: HubDb, app: string, some: readonly AskedEntry[], { maxEvents }: StreamCaps) =>
  find(tx, {
    ...{ app, maxEvents },
    keys: some.map(({ user, hash }) => ({ 'k.user': user, 'k.hash': hash as string })),
  });
