import { bulkInsert } from '../../storage/bulk-insert.ts';
import type { HubDb, HubSeal, HubStore, NewRow, Row } from '../../storage/storage.ts';
import type { TimelineEntry } from './timeline-entry.ts';

interface EntryPlace {
  readonly app: string;
  readonly incident: string;
  readonly place: number;
}

const boundTo = ({ app, incident, place }: EntryPlace): string => `entry:${JSON.stringify([app, incident, place])}`;

export const sealEntry = (seal: HubSeal, at: EntryPlace, entry: TimelineEntry): string =>
  seal.seal(JSON.stringify(entry), boundTo(at));

export const openEntry = (seal: HubSeal, row: Row<'incident_entries'>): TimelineEntry =>
  JSON.parse(seal.open(row.doc, boundTo(row))) as TimelineEntry;

/** Where lines are added. */
export interface TimelineEnd {
  readonly app: string;
  readonly incident: string;
  /** How many lines there are. */
  readonly places: number;
  /** UNIX milliseconds. */
  readonly now: number;
}

/** Adds lines behind those that are there. */
export async function addEntries(
  tx: HubDb,
  { engine, seal }: Pick<HubStore, 'engine' | 'seal'>,
  { app, incident, places, now }: TimelineEnd,
  entries: readonly TimelineEntry[],
): Promise<void> {
  const rows = entries.map((entry, index): NewRow<'incident_entries'> => {
    const place = { app, incident, place: places + index + 1 };
    return { ...place, at: now, doc: sealEntry(seal, place, entry) };
  });
  await bulkInsert(tx, engine, 'incident_entries', rows);
}
