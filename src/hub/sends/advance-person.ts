/**
 * How one person's notification goes on: a pure step from the decisions that are kept, and those that would be made now, to those to keep
 * and what leaves. Hops follow one another:
 *
 * - waiting: its decisions are `pending` and have a timer; `until` is when it begins, absent while that is not known.
 * - begun: what may go now was handed over (`pending` without a timer); what the person has ruled out for now is `deferred` until then, and
 *   decided again when its time comes.
 * - exhausted: every decision has ended without reaching the person: the next hop begins at once.
 * - over: a mark of the person, an earlier hop that reached them, or the end of a snooze that clears ends what has not begun.
 */
import { type DecisionDetail, type HopPlan, TAKEN_STATES } from '../notifications/decision.ts';
import type { NewRow } from '../storage/storage.ts';
import { HELD_BACK, isTakenByDigest } from './digests/digest-id.ts';
import type { Mark } from './marks.ts';
import { type DecisionRow, isOpen, SUPERSEDED, WAITS } from './rows/decision-rows.ts';

/** A decision as it would be made now. */
export interface Planned {
  readonly hop: number;
  readonly channel: string;
  /** Empty: not about one device. */
  readonly device: string;
  /** `pending`: may leave as soon as its hop begins. */
  readonly state: string;
  readonly reason: string | null;
  /** UNIX milliseconds: of what is deferred. */
  readonly until: number | null;
  /** JSON. */
  readonly detail: string | null;
  /** Of the device; null: it is about none. */
  readonly platform: string | null;
  /** What it waits for; absent: it goes at once. */
  readonly plan?: HopPlan | undefined;
}

export interface PersonStep {
  readonly app: string;
  readonly notification: string;
  readonly user: string;
  readonly fresh: readonly Planned[];
  /** Empty on the first step. */
  readonly kept: readonly DecisionRow[];
  readonly isMarked: (mark: Mark) => boolean;
  readonly now: number;
  /** What was deferred is decided again before its time: settings have changed. */
  readonly again?: boolean;
}

type Kept = NewRow<'decisions'>;

export interface Advanced {
  /** New and changed rows. */
  readonly put: readonly Kept[];
  readonly remove: readonly DecisionRow[];
  /** Of `put`: what leaves now. */
  readonly leave: readonly Kept[];
  /** How all of them stand after this step. */
  readonly rows: readonly Pick<Kept, 'state' | 'reason'>[];
  /** When to look again; undefined: nothing waits for its time. */
  readonly dueAt: number | undefined;
  /** What digests had collected was decided again: they do not have it any more, but for what is in `put`. */
  readonly undigested: boolean;
}

const ARRIVED = new Set(['delivered', 'seen', 'read']);
/** Reasons that end the whole plan, rather than one way to the person. */
const ENDS = new Set(['acked', 'read', 'resolved', 'superseded', 'cancelled', 'erased']);

const isWaiting = (row: Kept): boolean => row.state === 'pending' && row.due_row !== null;
/** A digest has it that was neither made nor held. */
const isCollected = ({ state, reason, due_row: waits = null }: Kept): boolean =>
  state === 'deferred' && reason === 'digested' && !isTakenByDigest(waits) && waits !== HELD_BACK;
const sameTarget = (a: Pick<Kept, 'channel' | 'device'>, b: Pick<Kept, 'channel' | 'device'>): boolean =>
  a.channel === b.channel && a.device === b.device;

/** How what has not begun ends. */
interface Over {
  readonly state: 'cancelled' | 'suppressed';
  readonly reason: string;
  /** For the sentence about it; absent: what was planned says enough. */
  readonly detail?: DecisionDetail;
}

const cancelled = (reason: string, detail?: DecisionDetail): Over => ({
  ...{ state: 'cancelled', reason },
  ...(detail ? { detail } : {}),
});
/** The snooze that held it is over, and was to clear what it held. */
const CLEARED = { state: 'suppressed', reason: 'snoozed' } as const satisfies Over;
const ENDED = { until: null, due_row: null };
const ending = ({ detail, ...over }: Over) => ({
  ...over,
  ...(detail ? { detail: JSON.stringify(detail) } : {}),
  ...ENDED,
});
const isCleared = ({ state, reason }: Kept): boolean => state === CLEARED.state && reason === CLEARED.reason;
const isSuperseded = ({ reason }: Kept): boolean => reason === SUPERSEDED;
const isToClear = ({ reason, until, detail }: Kept, now: number): boolean =>
  reason === 'snoozed' && (until ?? 0) <= now && (JSON.parse(detail ?? '{}') as DecisionDetail).then === 'drop';

/** What is waited for: answers say so meanwhile. */
const planDetail = ({ plan }: Planned): string | null =>
  plan ? JSON.stringify({ plan } satisfies DecisionDetail) : null;

class Step {
  readonly #step: PersonStep;
  readonly #put = new Map<string, Kept>();
  readonly #remove: DecisionRow[] = [];
  readonly #leave: Kept[] = [];
  readonly #dues: number[] = [];
  /** By hop, as this step leaves them. */
  readonly #rows = new Map<number, readonly Kept[]>();
  /** What digests have collected is decided again too, unless one of them is just about to leave. */
  readonly #asksDigests: boolean;
  #undigested = false;

  constructor(step: PersonStep) {
    this.#step = step;
    this.#asksDigests =
      step.again === true && !step.kept.some((row) => isCollected(row) && (row.until ?? 0) <= step.now);
  }

  run(): Advanced {
    const { fresh, kept } = this.#step;
    const hops = [...new Set([...fresh, ...kept].map(({ hop }) => hop))].sort((a, b) => a - b);
    for (const hop of hops) this.#rows.set(hop, this.#hop(hop));
    return {
      put: [...this.#put.values()],
      remove: this.#remove,
      leave: this.#leave,
      rows: [...this.#rows.values()].flat(),
      dueAt: this.#dues.length > 0 ? Math.min(...this.#dues) : undefined,
      undigested: this.#undigested,
    };
  }

  /** @returns the rows of the hop as they are after this step */
  #hop(hop: number): readonly Kept[] {
    const kept = this.#step.kept.filter((row) => row.hop === hop);
    const fresh = this.#step.fresh.filter((row) => row.hop === hop);
    if (kept.length > 0 && !kept.some(isWaiting)) return this.#goOn(hop, kept);
    // What was ruled out when the plan was made has ended, and is not decided again.
    const ended = kept.filter((row) => !isWaiting(row));
    const open = fresh.filter((planned) => !ended.some((row) => sameTarget(row, planned)));
    return [...ended, ...this.#notBegun(hop, open, kept.filter(isWaiting))];
  }

  #notBegun(hop: number, fresh: readonly Planned[], waiting: readonly DecisionRow[]): readonly Kept[] {
    const plan = fresh.find((row) => row.plan)?.plan;
    if (!plan) return this.#begin(fresh, waiting);
    const over = this.#endedBy(plan);
    if (over !== undefined) return this.#end(fresh, waiting, over);
    const at = this.#beginsAt(plan, hop);
    return at !== undefined && at <= this.#step.now ? this.#begin(fresh, waiting) : this.#wait(fresh, waiting, at);
  }

  /** Why a hop that has not begun never will; undefined: it may. */
  #endedBy({ after, unless, wait_ms: wait }: HopPlan): Over | undefined {
    const { isMarked } = this.#step;
    const before = this.#rows.get(after) ?? [];
    if (isMarked('read')) return cancelled('read');
    if (unless === 'delivered' ? before.some(({ state }) => ARRIVED.has(state)) : isMarked(unless))
      return unless === 'delivered' ? cancelled('superseded', { hop: after }) : cancelled('acked', { unless });
    if (before.some(isCleared)) return CLEARED;
    const ended = before.find(({ state, reason }) => state === 'cancelled' && ENDS.has(reason ?? ''));
    if (ended) return cancelled(ended.reason ?? 'cancelled');
    const isReached = before.some(({ state }) => TAKEN_STATES.has(state));
    const hasOpen = before.some(({ state }) => isOpen(state));
    return isReached && !hasOpen && wait === undefined ? cancelled('superseded', { hop: after }) : undefined;
  }

  #beginsAt({ after, wait_ms: wait, delay_ms: delay = 0 }: HopPlan, hop: number): number | undefined {
    const { now } = this.#step;
    const before = this.#rows.get(after) ?? [];
    if (before.every(({ state }) => !isOpen(state) && !TAKEN_STATES.has(state))) return now;
    if (wait === undefined) return undefined;
    // A hop that is skipped leaves its turn to the next.
    const turns = this.#step.kept.filter(
      (row) => row.hop > after && row.hop <= hop && isWaiting(row) && row.until !== null,
    );
    if (turns.length > 0) return Math.min(...turns.map(({ until }) => until as number));
    // The wait counts from when something of the hop before has left.
    return before.some((row) => !isWaiting(row) && row.state !== 'deferred') ? now + wait + delay : undefined;
  }

  /** A hop begins: what may go leaves. @returns its rows */
  #begin(fresh: readonly Planned[], kept: readonly DecisionRow[]): readonly Kept[] {
    const rows = fresh.map((planned) => this.#row(planned, false));
    this.#replace(kept, rows);
    for (const row of rows) this.#place(row);
    return rows;
  }

  /** Of a hop that has begun, what was deferred until now is decided again. @returns its rows */
  #goOn(hop: number, kept: readonly DecisionRow[]): readonly Kept[] {
    const { again, now } = this.#step;
    // What a digest holds leaves with it.
    const held = kept.filter(
      (row) => row.state === 'deferred' && (row.reason !== 'digested' || (this.#asksDigests && isCollected(row))),
    );
    const due = held.filter(({ until }) => again === true || (until ?? 0) <= now);
    for (const row of held) if (!due.includes(row) && row.until !== null) this.#dues.push(row.until);
    if (due.length === 0) return kept;
    this.#undigested ||= due.some(isCollected);
    const others = kept.filter((row) => !due.includes(row));
    // It was on its way when the person read it, and has come back.
    if (this.#step.isMarked('read')) return [...others, ...this.#over(due, cancelled('read'))];
    const over = [
      ...this.#over(due.filter(isSuperseded), cancelled(SUPERSEDED)),
      ...this.#over(
        due.filter((row) => isToClear(row, now)),
        CLEARED,
      ),
    ];
    const asked = due.filter((row) => !isSuperseded(row) && !isToClear(row, now));
    return [...others, ...over, ...this.#renewed(hop, asked, [...others, ...over])];
  }

  /** Rows end as they are. */
  #over(rows: readonly DecisionRow[], over: Over): readonly Kept[] {
    const ended = rows.map((row) => ({ ...row, ...ending(over), at: this.#step.now }));
    for (const row of ended) this.#keep(row);
    return ended;
  }

  /** Decided again; what is there already is left. */
  #renewed(hop: number, asked: readonly DecisionRow[], others: readonly Kept[]): readonly Kept[] {
    const channels = new Set(asked.map(({ channel }) => channel));
    const renewed = this.#step.fresh
      .filter((planned) => planned.hop === hop && channels.has(planned.channel))
      .map((planned) => this.#row(planned, false))
      .filter((row) => !others.some((other) => sameTarget(other, row)));
    this.#replace(asked, renewed);
    for (const row of renewed) this.#place(row);
    return renewed;
  }

  /** A hop that has not begun waits until `at`, or until that is known. @returns its rows */
  #wait(fresh: readonly Planned[], kept: readonly DecisionRow[], at: number | undefined): readonly Kept[] {
    if (at !== undefined) this.#dues.push(at);
    const until = at ?? null;
    const rows = fresh.map((planned) => {
      const waits = planned.state === 'pending' || planned.state === 'deferred';
      return waits
        ? this.#row({ ...planned, state: 'pending', reason: null, until, detail: planDetail(planned) }, true)
        : this.#row(planned, false);
    });
    this.#replace(kept, rows);
    for (const row of rows) {
      const before = kept.find((each) => sameTarget(each, row));
      if (!before || before.state !== row.state || before.until !== row.until) this.#keep(row);
    }
    return rows;
  }

  #end(fresh: readonly Planned[], kept: readonly DecisionRow[], over: Over): readonly Kept[] {
    const rows = fresh.map((planned) => ({ ...this.#row(planned, false), ...ending(over) }));
    this.#replace(kept, rows);
    for (const row of rows) this.#keep(row);
    return rows;
  }

  /** Rows of `old` whose target is not among the new ones go. */
  #replace(old: readonly DecisionRow[], rows: readonly Kept[]): void {
    for (const row of old) if (!rows.some((other) => sameTarget(other, row))) this.#remove.push(row);
  }

  #place(placed: Kept): void {
    const leaves = placed.state === 'pending';
    // It is in the person's stream once this is committed.
    const row = leaves && placed.channel === 'realtime' ? { ...placed, state: 'sent' } : placed;
    this.#keep(row);
    if (leaves) this.#leave.push(row);
    if (row.state === 'deferred' && row.reason !== 'digested' && typeof row.until === 'number')
      this.#dues.push(row.until);
  }

  #keep(row: Kept): void {
    // No channel has a blank in its name.
    this.#put.set(`${row.hop} ${row.channel} ${row.device}`, row);
  }

  #row({ hop, channel, device, platform, state, reason, until, detail }: Planned, isWaiting: boolean): Kept {
    const { app, notification, user, now } = this.#step;
    return {
      ...{ app, notification, user, hop, device, channel, state, reason, detail, at: now, until },
      ...{
        attempts: 0,
        provider_id: null,
        category: null,
        due_row: isWaiting || state === 'deferred' ? WAITS : null,
      },
      ...{ batch: null, platform },
    };
  }
}

export const advancePerson = (step: PersonStep): Advanced => new Step(step).run();
