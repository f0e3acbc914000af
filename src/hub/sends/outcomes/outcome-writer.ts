/**
 * Hears what became of what was handed over, and writes it: to the decisions, to the devices and addresses that turned out dead, and
 * to the timers of people for whom a further hop is now due. One write at a time, of all that came meanwhile; what cannot be written
 * waits for the store. Of outcomes that cannot be written together each is tried by itself, and one that fails so waits apart: a mistake
 * about one of them holds up no other.
 */
import { background } from '../../../kit/background.ts';
import { toError } from '../../../kit/errors.ts';
import { onceATurn } from '../../../kit/once-a-turn.ts';
import { RefusedError } from '../../../kit/refusal.ts';
import type { DecidedFact } from '../../../observe/metrics/hub-counts.ts';
import { type AboutOf, aboutsOf, RollNotes } from '../../analytics/roll-notes.ts';
import type { PushOutcome } from '../../push/push-carrier.ts';
import { countsChanges } from '../../storage/prepared.ts';
import type { HubDb, HubStore } from '../../storage/storage.ts';
import { deleteHandovers, findHandover, type HandedTarget, type Handover } from '../rows/handover-rows.ts';
import { isBatchOpen } from './batch-open.ts';
import type { ChangedDecision } from './changed-decision.ts';
import { alike, type EndedOne } from './ended-alike.ts';
import type { HandedBatch, HandedBatches } from './handed-batches.ts';
import { knownTargets } from './known-targets.ts';
import { changeOf } from './outcome-change.ts';
import { writeEnded } from './outcome-rows.ts';

/** A target that ended, for those who keep devices and addresses. */
export interface EndedTarget {
  readonly outcome: PushOutcome;
  readonly channel: string;
  readonly target: HandedTarget;
}

export interface OutcomeWriterOptions {
  readonly store: HubStore;
  readonly batches: HandedBatches;
  /** Keeps what the outcome says of the device or the address. */
  readonly verdicts: (ended: readonly EndedTarget[]) => Promise<void>;
  /** What follows for the people and the notification, in the same transaction. */
  readonly follow: (tx: HubDb, changed: readonly ChangedDecision[], ended: EndedBatches) => Promise<Followed>;
  /** After the commit. */
  readonly written: (changed: readonly ChangedDecision[], followed: Followed) => void;
  /** UNIX milliseconds. */
  readonly now: () => number;
  readonly tell: (level: 'warn' | 'error', message: string) => void;
}

export interface EndedBatches {
  /** Batches that are over, of each notification one: what became of it may have changed no decision. */
  readonly over: readonly Pick<HandedBatch, 'app' | 'batch' | 'notification' | 'isToOne' | 'isLast'>[];
  /** Whether anything of a notification is still under way here: then it cannot be done. */
  readonly isUnderWay: (app: string, notification: string) => boolean;
}

export interface Followed {
  /** A timer was set to now. */
  readonly isDue: boolean;
  /** Further decisions that were changed. */
  readonly also: readonly DecidedFact[];
}

/** Outcomes a transaction: the process does nothing else meanwhile. */
const AT_ONCE = 500;
/** After a store that could not be reached. */
const AGAIN_MS = 500;
/** Of what failed by itself, and how much of that there may be: without its outcome a push is sent once more after the next start. */
const APART_MS = 60_000;
const MOST_APART = 10_000;

/** An outcome with the batch that it is of. */
interface Known {
  readonly outcome: PushOutcome;
  readonly batch: HandedBatch | Handover;
  readonly target: HandedTarget;
}

type KnownByBatch = ReadonlyMap<Known['batch'], readonly Known[]>;

export class OutcomeWriter {
  readonly #options: OutcomeWriterOptions;
  readonly #plan = onceATurn(() => this.#start());
  #waiting: PushOutcome[] = [];
  /** Those that failed by themselves. */
  #apart: PushOutcome[] = [];
  #apartTimer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: OutcomeWriterOptions) {
    this.#options = options;
  }

  add(outcomes: readonly PushOutcome[]): void {
    for (const outcome of outcomes) this.#waiting.push(outcome);
    this.#plan();
  }

  /** Resolves once what was heard is written, or cannot be now. */
  async idle(): Promise<void> {
    this.#start();
    await this.#writing;
  }

  async close(): Promise<void> {
    this.#waiting.push(...this.#apart.splice(0));
    await this.idle();
    clearTimeout(this.#timer);
    clearTimeout(this.#apartTimer);
  }

  #start(): void {
    if (this.#writing || this.#waiting.length === 0) return;
    this.#writing = this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
    background(this.#writing);
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const some = this.#waiting.splice(0, AT_ONCE);
      const left = await this.#writeParted(some);
      if (left.length === 0) continue;
      this.#waiting = [...left, ...this.#waiting];
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#start(), AGAIN_MS).unref();
      return;
    }
  }

  /** @returns what waits for a store that cannot be reached, which says so by itself */
  async #writeParted(some: readonly PushOutcome[]): Promise<readonly PushOutcome[]> {
    try {
      await this.#write(some);
      return [];
    } catch (thrown) {
      if (thrown instanceof RefusedError) return some;
      if (some.length === 1) this.#putApart(some[0] as PushOutcome, toError(thrown));
    }
    if (some.length === 1) return [];
    const half = Math.ceil(some.length / 2);
    return [...(await this.#writeParted(some.slice(0, half))), ...(await this.#writeParted(some.slice(half)))];
  }

  #putApart(outcome: PushOutcome, { message }: Error): void {
    const { tell } = this.#options;
    tell('error', `what became of a push of the hub (${outcome.batch}) cannot be written: ${message}`);
    if (this.#apart.length < MOST_APART) this.#apart.push(outcome);
    this.#apartTimer ??= setTimeout(() => {
      this.#apartTimer = undefined;
      this.add(this.#apart.splice(0));
    }, APART_MS).unref();
  }

  async #write(some: readonly PushOutcome[]): Promise<void> {
    const { store, batches, verdicts, follow, written } = this.#options;
    // Before they are written, so that a process that dies in between hears them again.
    const known = (await knownTargets(store, batches, some)).map(
      ({ told, ...of }): Known => ({ outcome: told, ...of }),
    );
    await verdicts(known.map(({ outcome, batch, target }) => ({ outcome, target, channel: batch.channel })));
    const ended = alike(known.flatMap(endedOf), countsChanges(store.db));
    const { changed, followed } = await store.write(async (tx) => {
      const all: ChangedDecision[] = [];
      const notes = new RollNotes(aboutKnown(known));
      for (const each of ended) all.push(...(await writeEnded(tx, each, notes)));
      await notes.write(tx);
      const byBatch = Map.groupBy(known, (each) => each.batch);
      const over = overIn(byBatch);
      const after = await follow(tx, all, {
        over: [...over.values()].map(({ batch }) => batch),
        isUnderWay: (app, id) => batches.countOf(app, id) > (over.get(`${app}\n${id}`)?.count ?? 0),
      });
      await this.#removeOver(tx, byBatch);
      return { changed: all, followed: after };
    });
    for (const { batch, outcome } of known)
      if (isHeld(batch)) batches.end(batch, outcome.target, awaitsVerdict(outcome));
    written(changed, followed);
  }

  /** Removes the rows of batches of which nothing is to come. */
  async #removeOver(tx: HubDb, byBatch: KnownByBatch): Promise<void> {
    const over: Pick<Handover, 'app' | 'batch'>[] = [];
    for (const [batch, some] of byBatch) if (await isOver(tx, batch, some, this.#options.now())) over.push(batch);
    for (const [app, some] of Map.groupBy(over, (each) => each.app))
      await deleteHandovers(
        tx,
        app,
        some.map(({ batch }) => batch),
      );
  }
}

/** What this process handed over it knows. */
function aboutKnown(known: readonly Known[]): AboutOf {
  const batches = [...new Set(known.map(({ batch }) => batch))].filter(isHeld);
  return aboutsOf(batches.map(({ app, notification, about }) => ({ ...about, app, id: notification })));
}

const isHeld = (batch: HandedBatch | Handover): batch is HandedBatch => 'awaitsVerdict' in batch;

/** Whether each target that a batch has left has ended now. */
const areAll = ({ targets }: HandedBatch, some: readonly Known[]): boolean =>
  targets.size === 1 || new Set(some.map(({ outcome }) => outcome.target)).size === targets.size;

/** Of how many batches in memory the last target has ended now, by their notifications. */
function overIn(byBatch: KnownByBatch): ReadonlyMap<string, { readonly batch: HandedBatch; readonly count: number }> {
  const over = new Map<string, { readonly batch: HandedBatch; readonly count: number }>();
  for (const [batch, some] of byBatch) {
    if (!isHeld(batch) || !areAll(batch, some)) continue;
    const notification = `${batch.app}\n${batch.notification}`;
    over.set(notification, { batch, count: (over.get(notification)?.count ?? 0) + 1 });
  }
  return over;
}

/** A batch in memory counts by itself; of one of a former process, and of one that waits for verdicts, the decisions say. */
async function isOver(tx: HubDb, batch: HandedBatch | Handover, some: readonly Known[], now: number): Promise<boolean> {
  if (!isHeld(batch)) return !(await isBatchOpen(tx, batch, now));
  if (!areAll(batch, some)) return false;
  if (!batch.awaitsVerdict && !some.some(({ outcome }) => awaitsVerdict(outcome))) return true;
  const handover = await findHandover(tx, batch.app, batch.batch);
  return handover !== undefined && !(await isBatchOpen(tx, handover, now));
}

const awaitsVerdict = ({ outcome, late }: PushOutcome): boolean =>
  late === undefined && outcome.kind === 'accepted' && outcome.receipt !== undefined;

const endedOf = ({ outcome, batch, target }: Known): EndedOne[] => {
  const change = changeOf(outcome);
  return change ? [{ batch, target, change }] : [];
};
