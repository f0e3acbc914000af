/** A timeline: the lines that were written, and among them what became of each notice for each person, by time. */
import { sql } from 'kysely';
import { isoInstant } from '../../../kit/time/instant.ts';
import type { HubDb, HubStore, Row } from '../../storage/storage.ts';
import { readable } from '../../storage/unreadable.ts';
import { aboutIncident } from '../incident.ts';
import type { EntryKind, TimelineEntry } from './timeline-entry.ts';
import { openEntry } from './timeline-rows.ts';

/** A decision about a notice, in a sentence. */
export interface DecisionWords {
  readonly text: string;
  readonly state: string;
  readonly reason?: string;
}

/** Explains a row of a decision. */
export type WordsOfDecision = (row: Row<'decisions'>) => DecisionWords;

/** A line as answers show it. */
export interface TimelineLine extends Omit<TimelineEntry, 'kind'>, Partial<Omit<DecisionWords, 'text'>> {
  readonly kind: EntryKind;
  readonly at: string;
  readonly user?: string;
  readonly channel?: string;
  readonly device?: string;
  readonly hop?: number;
}

/** The last line of each sort that was shown: its place, and the key of a decision. */
export type TimelinePlace = readonly [
  place: number,
  at: number,
  notification: string,
  user: string,
  hop: number,
  channel: string,
  device: string,
];

export const TIMELINE_BEGIN: TimelinePlace = [0, -1, '', '', 0, '', ''];

export interface TimelinePage {
  readonly lines: readonly TimelineLine[];
  /** Undefined: that was all. */
  readonly next: TimelinePlace | undefined;
}

export interface TimelineAsked {
  readonly app: string;
  readonly incident: string;
  readonly limit: number;
  readonly after: TimelinePlace;
}

/** Oldest first. */
export async function timelinePage(
  { db, seal }: Pick<HubStore, 'db' | 'seal'>,
  asked: TimelineAsked,
  wordsOf: WordsOfDecision,
): Promise<TimelinePage> {
  const { limit, after } = asked;
  const entries = await entriesAfter(db, asked);
  const decisions = await decisionsAfter(db, asked);
  let place = after;
  const lines: TimelineLine[] = [];
  while (lines.length < limit) {
    const [entry] = entries;
    const [decision] = decisions;
    if (!entry && !decision) return { lines, next: undefined };
    if (entry && (!decision || entry.at <= decision.at)) {
      entries.shift();
      place = [entry.place, ...(place.slice(1) as TailOf<TimelinePlace>)];
      const line = readable(() => openEntry(seal, entry));
      if (line) lines.push({ at: isoInstant(entry.at), ...line });
    } else if (decision) {
      decisions.shift();
      const { at, notification, user, hop, channel, device } = decision;
      place = [place[0], at, notification, user, hop, channel, device];
      lines.push(decisionLine(decision, wordsOf));
    }
  }
  return { lines, next: entries.length + decisions.length > 0 ? place : undefined };
}

type TailOf<Tuple extends readonly unknown[]> = Tuple extends readonly [unknown, ...infer Tail] ? Tail : never;

const entriesAfter = (db: HubDb, { app, incident, limit, after }: TimelineAsked): Promise<Row<'incident_entries'>[]> =>
  db
    .selectFrom('incident_entries')
    .selectAll()
    .where('app', '=', app)
    .where('incident', '=', incident)
    .where('place', '>', after[0])
    .orderBy('place')
    .limit(limit + 1)
    .execute();

const KEY = ['at', 'notification', 'user', 'hop', 'channel', 'device'] as const;

function decisionsAfter(
  db: HubDb,
  { app, incident, limit, after: [, ...key] }: TimelineAsked,
): Promise<Row<'decisions'>[]> {
  const columns = sql.join(KEY.map((name) => sql.ref(`decisions.${name}`)));
  return KEY.reduce(
    (query, name) => query.orderBy(name),
    db
      .selectFrom('decisions')
      .selectAll()
      .where('app', '=', app)
      .where('notification', 'in', (eb) =>
        eb.selectFrom('notifications').select('id').where('app', '=', app).where('about', '=', aboutIncident(incident)),
      )
      .where(sql<boolean>`(${columns}) > (${sql.join(key)})`),
  )
    .limit(limit + 1)
    .execute();
}

function decisionLine(row: Row<'decisions'>, wordsOf: WordsOfDecision): TimelineLine {
  const { at, notification, user, hop, channel, device } = row;
  return {
    ...{ at: isoInstant(at), kind: 'decision', by: 'hub', notification, user, hop, channel },
    ...(device === '' ? {} : { device }),
    ...wordsOf(row),
  };
}
