/** Writes events to the streams of people, in a transaction of the hub's store. */
import { epochOf, eventId } from '../../streams/event-id.ts';
import type { StreamEvent } from '../../streams/stream-event.ts';
import type { StreamCaps, StreamEntry } from '../../streams/stream-store.ts';
import { bulkInsert } from '../storage/bulk-insert.ts';
import type { HubDb, HubSeal, HubStore } from '../storage/storage.ts';
import { type AskedEntry, askedEntry, payloadBound } from './asked-entry.ts';
import { findKeyed } from './keyed-events.ts';
import { laterEpochs } from './person-epochs.ts';
import { type PersonOfKey, personKey } from './person-key.ts';
import { growHeads, type HeadRow, placeWithin, removeUpTo } from './stream-rows.ts';

export interface SaveParts {
  readonly engine: HubStore['engine'];
  readonly seal: HubSeal;
  readonly caps: StreamCaps;
  /** Of streams that begin now: when the store began. */
  readonly epoch: number;
  readonly now: number;
}

/** More than the caps are kept for a while, so that not each event removes one. */
const SLACK_EVENTS = 50;

/** By place. What has a key under which its person has an event already is that event. */
export async function saveEvents(tx: HubDb, entries: readonly StreamEntry[], parts: SaveParts): Promise<StreamEvent[]> {
  const asked = entries.map((entry, index) => askedEntry(entry, index, parts.seal));
  const saved = await findKeyed(tx, asked, parts);
  const fresh = new Map<string, AskedEntry>();
  for (const each of asked) if (!saved.has(each.identity) && !fresh.has(each.identity)) fresh.set(each.identity, each);
  for (const [identity, event] of await insert(tx, [...fresh.values()], parts)) saved.set(identity, event);
  return asked.map(({ identity }) => saved.get(identity) as StreamEvent);
}

const personOf = ({ app, user }: PersonOfKey): string => personKey(app, user);

/** @returns by identity */
async function insert(
  tx: HubDb,
  fresh: readonly AskedEntry[],
  parts: SaveParts,
): Promise<ReadonlyMap<string, StreamEvent>> {
  const byPerson = Map.groupBy(fresh, personOf);
  const heads = await grow(tx, byPerson, parts);
  const placed: PlacedEntry[] = [];
  for (const [person, some] of byPerson) {
    const head = heads.get(person) as HeadRow;
    for (const [index, entry] of some.entries())
      placed.push({ entry, head, place: head.head - some.length + index + 1 });
  }
  const sealed = sealer(parts.seal);
  await bulkInsert(
    tx,
    parts.engine,
    'stream_events',
    placed.map(({ entry: { app, user, bytes, draft }, place }) => ({
      ...{ app, user, place, type: draft.type, payload: sealed(app, draft.payload), timestamp: draft.timestamp },
      ...{ bytes, at: parts.now },
    })),
  );
  const keys = placed.flatMap(({ entry: { app, user, hash }, place }) =>
    hash === undefined ? [] : [{ app, user, hash, place }],
  );
  await bulkInsert(tx, parts.engine, 'stream_keys', keys);
  for (const head of heads.values()) await trim(tx, head, parts.caps);
  return new Map(placed.map((each) => [each.entry.identity, savedEvent(each)]));
}

interface PlacedEntry {
  readonly entry: AskedEntry;
  readonly head: HeadRow;
  readonly place: number;
}

/** Few events have readers at once, and an id takes a hash: it is made when it is asked for. */
const savedEvent = ({ entry, head: { app, user, epoch }, place }: PlacedEntry): StreamEvent => ({
  get id() {
    return eventId(epochOf(epoch, personKey(app, user)), place);
  },
  type: entry.draft.type,
  payload: entry.draft.payload,
  timestamp: entry.draft.timestamp,
});

/** One text for many people is sealed once for each app. */
function sealer(seal: HubSeal): (app: string, payload: string) => string {
  const made = new Map<string, Map<string, string>>();
  return (app, payload) => {
    const own = made.get(app) ?? new Map<string, string>();
    made.set(app, own);
    const known = own.get(payload);
    if (known !== undefined) return known;
    const text = seal.seal(payload, payloadBound(app));
    own.set(payload, text);
    return text;
  };
}

/** Gives out the places. @returns the heads as they are now, by person */
async function grow(
  tx: HubDb,
  byPerson: ReadonlyMap<string, readonly AskedEntry[]>,
  { engine, epoch, seal }: SaveParts,
): Promise<ReadonlyMap<string, HeadRow>> {
  const growths = [...byPerson].map(([person, some]) => {
    const [{ app, user }] = some as [AskedEntry];
    return { person, app, user, count: some.length, bytes: some.reduce((sum, { bytes }) => sum + bytes, 0) };
  });
  // Two writers who lock rows in different orders would wait for each other.
  growths.sort((a, b) => (a.person < b.person ? -1 : 1));
  const heads = new Map((await growHeads(tx, engine, epoch, growths)).map((row) => [personOf(row), row]));
  const begun = growths
    .map(({ person, count }) => ({ head: heads.get(person) as HeadRow, count }))
    .filter(({ head, count }) => head.floor === 0 && head.head === count)
    .map(({ head }) => head);
  for (const [head, later] of await laterEpochs(tx, seal, begun, epoch)) {
    await tx
      .updateTable('stream_heads')
      .set({ epoch: later })
      .where('app', '=', head.app)
      .where('user', '=', head.user)
      .execute();
    heads.set(personOf(head), { ...head, epoch: later });
  }
  return heads;
}

async function trim(tx: HubDb, head: HeadRow, { maxEvents, maxBytes }: StreamCaps): Promise<void> {
  const byCount = head.head - head.floor > maxEvents + SLACK_EVENTS ? head.head - maxEvents : 0;
  const byBytes = head.bytes > maxBytes ? await placeWithin(tx, head, maxBytes) : 0;
  const floor = Math.max(byCount, byBytes);
  if (floor > head.floor) await removeUpTo(tx, head.app, head.user, floor);
}
