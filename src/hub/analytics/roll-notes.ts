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

type Line = readonly [notification: string, channel: string, platform: string, counters: Record<string, number>];

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
  readonly counters: Map<string, number>;
}

const isSame = (a: NotedOf, b: NotedOf): boolean =>
  a.notification === b.notification && a.channel === b.channel && a.platform === b.platform && a.app === b.app;

/** What one transaction notes. */
export class RollNotes {
  readonly #lines = new Map<string, NotedLine>();
  #last: NotedLine | undefined;

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
      const lines = some.map(
        ({ of, counters }): Line => [of.notification, of.channel, of.platform ?? '', changed(counters)],
      );
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
    const key = `${of.notification}\n${of.channel}\n${of.platform ?? ''}\n${of.app}`;
    const line = this.#lines.get(key) ?? { of, counters: new Map() };
    this.#lines.set(key, line);
    this.#last = line;
    return line;
  }
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
  line.length === 4 &&
  isObject(line[3]) &&
  line.slice(0, 3).every((part) => typeof part === 'string');

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
