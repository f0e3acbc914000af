/**
 * Notes what a transaction changes of decisions, in numbers, in that transaction: it costs one row, however many decisions there are.
 * The rows are added up later (src/hub/analytics/roll-up.ts).
 */

import crypto from 'node:crypto';
import { isObject } from '../../kit/is-object.ts';
import { TAKEN_STATES } from '../notifications/decision.ts';
import { prepared } from '../storage/prepared.ts';
import type { HubDb, NewRow } from '../storage/storage.ts';
import { REACHED_BEFORE, stateCounter, timeCounter } from './counter.ts';
import { slotBefore } from './slot.ts';

/** What a change is about. */
export interface NotedOf {
  readonly app: string;
  readonly notification: string;
  readonly channel: string;
  readonly platform: string | null;
}

/** How a decision stands. */
export interface Standing {
  readonly state: string;
  readonly reason?: string | null;
  /** Of a failure. */
  readonly category?: string | null;
}

export interface MoveDetail {
  /** Decisions that have moved alike; default 1. */
  readonly count?: number;
  /** From when it was due to the answer of its provider. */
  readonly ms?: number | undefined;
  /** It went within a digest, and costs nothing by itself. */
  readonly isInDigest?: boolean;
  /** It was not needed, as an earlier hop had reached the person. */
  readonly isReachedBefore?: boolean;
}

/** What figures of a notification are kept by. */
export interface NotedAbout {
  readonly type: string;
  /** UNIX milliseconds. */
  readonly created_at: number;
}

/** Undefined: it is looked for when notes are added up. */
export type AboutOf = (of: Pick<NotedOf, 'app' | 'notification'>) => NotedAbout | undefined;

/** Notifications by which what is noted is found to be about the same. */
export function aboutsOf(some: Iterable<NotedAbout & { readonly app: string; readonly id: string }>): AboutOf {
  const abouts = new Map<string, NotedAbout>();
  let last: NotedAbout | undefined;
  for (const about of some) {
    if (about !== last) abouts.set(`${about.app}\n${about.id}`, about);
    last = about;
  }
  return ({ app, notification }) => abouts.get(`${app}\n${notification}`);
}

/** With `about` it is of all notifications of a type in a quarter of an hour, and has none; its `created_at` is that of the first. */
type Line = readonly [
  notification: string,
  channel: string,
  platform: string,
  counters: Record<string, number>,
  about?: readonly [type: string, created_at: number],
];

/** Lines a row. */
const MOST_LINES = 500;

const insert = prepared((db, { rows }: { readonly rows: readonly NewRow<'roll_notes'>[] }) =>
  db.insertInto('roll_notes').values(rows),
);

/** A provider has taken it now, and not before: a failure that was heard of late had been taken. */
const isTaken = (from: Standing | undefined, to: Standing): boolean =>
  TAKEN_STATES.has(to.state) &&
  (from === undefined || (from.state === 'failed' ? from.category === 'unanswered' : !TAKEN_STATES.has(from.state)));

const counterOf = ({ state, reason }: Standing, isReachedBefore: boolean): string =>
  stateCounter(state, isReachedBefore ? REACHED_BEFORE : reason);

interface NotedLine {
  readonly of: NotedOf;
  about: NotedAbout | undefined;
  readonly counters: Map<string, number>;
}

const isSame = (a: NotedOf, b: NotedOf): boolean =>
  a.notification === b.notification && a.channel === b.channel && a.platform === b.platform && a.app === b.app;

/** What one transaction notes. */
export class RollNotes {
  readonly #aboutOf: AboutOf;
  readonly #lines = new Map<string, NotedLine>();
  #last: NotedLine | undefined;

  constructor(aboutOf: AboutOf = () => undefined) {
    this.#aboutOf = aboutOf;
  }

  /** @param from undefined: it is new. @param to undefined: it is gone */
  moved(of: NotedOf, from: Standing | undefined, to: Standing | undefined, detail: MoveDetail = {}): void {
    const { count = 1, ms, isInDigest = false, isReachedBefore = false } = detail;
    if (from) this.#add(of, counterOf(from, false), -count);
    if (!to) return;
    this.#add(of, counterOf(to, isReachedBefore), count);
    if (isTaken(from, to)) this.#add(of, isInDigest ? 'digested' : 'accepted', count);
    if (ms !== undefined) this.#add(of, timeCounter(ms), count);
  }

  /** A person did something with it. */
  engaged(of: NotedOf, what: 'opened' | 'dismissed' | 'acted'): void {
    this.#add(of, what, 1);
  }

  /** In the transaction that changes it. */
  async write(tx: HubDb): Promise<void> {
    for (const [app, some] of Map.groupBy(this.#lines.values(), ({ of }) => of.app)) {
      const lines = some.map(lineOf);
      const rows: NewRow<'roll_notes'>[] = [];
      for (let at = 0; at < lines.length; at += MOST_LINES) {
        const page = lines.slice(at, at + MOST_LINES);
        rows.push({ id: crypto.randomUUIDv7(), app, size: page.length, doc: JSON.stringify(page) });
      }
      if (rows.length > 0) await insert(tx, { rows });
    }
  }

  #add(of: NotedOf, counter: string, count: number): void {
    const { counters } = this.#line(of);
    counters.set(counter, (counters.get(counter) ?? 0) + count);
  }

  /** Of very many changes one after another most are about the same. */
  #line(of: NotedOf): NotedLine {
    const last = this.#last;
    if (last && isSame(last.of, of)) return last;
    const about = this.#aboutOf(of);
    const name = about ? `${slotBefore(about.created_at)}\n${about.type}` : of.notification;
    const key = `${name}\n${of.channel}\n${of.platform ?? ''}\n${of.app}`;
    const line = this.#lines.get(key) ?? { of, about, counters: new Map() };
    if (about && line.about && about.created_at < line.about.created_at) line.about = about;
    this.#lines.set(key, line);
    this.#last = line;
    return line;
  }
}

function lineOf({ of, about, counters }: NotedLine): Line {
  const [channel, platform, counts] = [of.channel, of.platform ?? '', changed(counters)];
  return about
    ? ['', channel, platform, counts, [about.type, about.created_at]]
    : [of.notification, channel, platform, counts];
}

const changed = (counters: ReadonlyMap<string, number>): Record<string, number> => {
  const all: Record<string, number> = {};
  for (const [counter, count] of counters) if (count !== 0) all[counter] = count;
  return all;
};

/** What is in a row; nothing where this version cannot read it: figures are no reason to hold up others, or an erasure. */
export function linesOf({ doc }: Pick<NewRow<'roll_notes'>, 'doc'>): readonly Line[] {
  try {
    const lines = JSON.parse(doc) as unknown;
    return Array.isArray(lines) ? lines.filter(isLine) : [];
  } catch {
    return [];
  }
}

const isLine = (line: unknown): line is Line =>
  Array.isArray(line) &&
  (line.length === 4 || (line.length === 5 && isAbout(line[4]))) &&
  isObject(line[3]) &&
  line.slice(0, 3).every((part) => typeof part === 'string');

const isAbout = (about: unknown): boolean =>
  Array.isArray(about) && typeof about[0] === 'string' && typeof about[1] === 'number';

/** A count of more would take longer than a scrape may. */
const MOST_COUNTED = 100_000;

/** How many are not added up yet. */
export async function countNotes(db: HubDb): Promise<number> {
  const { count } = await db
    .selectFrom((eb) => eb.selectFrom('roll_notes').select('id').limit(MOST_COUNTED).as('some'))
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}
