/**
 * Takes back what is still to be sent to someone who was erased, at every instance of the hub: a row in the store, written by the
 * transaction that erases, tells the others, and each answers with a row of its own once nothing leaves there any more. They look for
 * such rows only while there are others.
 *
 * A row of the asking instance lives until all have answered, a minute at most; what a process that died has left goes after ten.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { background } from '../../kit/background.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import type { Gone, WithdrawnWork } from './person.ts';

/** The instances of the hub on one store. */
export interface HubInstances {
  /** Of this one. */
  readonly name: string;
  /** Whether there were others a moment ago. */
  readonly hasOthers: boolean;
  /** The names of all that live. */
  living(): Promise<readonly string[]>;
}

export interface WithdrawingOptions {
  readonly store: HubStore;
  /** Known once something can be erased. */
  readonly instances: () => HubInstances;
  /** Takes back what is here. Resolves when what had begun to be sent is over, or after so many milliseconds. */
  readonly own: (gone: Gone, waitMs: number) => Promise<WithdrawnWork>;
  /** Has whatever waits here for these targets asked about before it is sent. */
  readonly doubt: (app: string, targets: readonly string[]) => void;
  /** UNIX milliseconds. */
  readonly now: () => number;
  readonly newId: () => string;
}

interface Asked extends Gone {
  /** Only to be doubted: nothing is answered. */
  readonly isDoubt?: true;
  readonly from: string;
  readonly at: number;
}

interface Answer extends WithdrawnWork {
  readonly at: number;
}

/** How long an erasure waits for what had begun to be sent. */
const WAIT_MS = 2000;
/** For the answer of another instance after that. */
const GRACE_MS = 500;
const LOOK_MS = 250;
const ANSWER_LOOK_MS = 50;
const KEEP_MS = 60_000;
/** One that has not looked for so long asks about everything. */
const KEEP_DOUBT_MS = 10_000;
const ABANDONED_MS = 600_000;
const PREFIX = 'withdrawal:';

export class Withdrawing {
  readonly #options: WithdrawingOptions;
  readonly #seen = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  readonly #leftovers = new Set<NodeJS.Timeout>();

  constructor(options: WithdrawingOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (!this.#options.instances().hasOthers || this.#looking) return;
      // A store that is away says so by itself.
      this.#looking = this.look().finally(() => {
        this.#looking = undefined;
      });
      background(this.#looking, () => {});
    }, LOOK_MS).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const timer of this.#leftovers) clearTimeout(timer);
    await this.#looking?.catch(() => {});
  }

  /** Tells the others, in the transaction that erases. @returns what to ask for their answers by; undefined: there are none */
  ask(tx: HubDb, gone: Gone): Promise<string | undefined> {
    return this.#tell(tx, gone);
  }

  /** The same for targets that are someone else's now, or no one's: what is to be sent there is asked about, at every instance. */
  askDoubt(tx: HubDb, app: string, targets: readonly string[]): Promise<string | undefined> {
    return this.#tell(tx, { app, user: '', own: [], shared: targets, isDoubt: true });
  }

  /** After the commit; the others hear of it within a moment. */
  doubt(app: string, targets: readonly string[], id: string | undefined): void {
    this.#options.doubt(app, targets);
    if (id !== undefined) this.#forgetLater(id, KEEP_DOUBT_MS);
  }

  async #tell(tx: HubDb, gone: Omit<Asked, 'from' | 'at'>): Promise<string | undefined> {
    const { store, instances, now, newId } = this.#options;
    if (!instances().hasOthers) return undefined;
    const id = newId();
    const asked: Asked = { ...gone, from: instances().name, at: now() };
    const key = PREFIX + id;
    await tx
      .insertInto('meta')
      .values({ key, value: store.seal.seal(JSON.stringify(asked), key) })
      .execute();
    return id;
  }

  /** After the commit. An instance that does not answer in time counts as one that has begun to send. */
  async withdraw(gone: Gone, id: string | undefined): Promise<WithdrawnWork> {
    const { own } = this.#options;
    const [here, there] = await Promise.all([own(gone, WAIT_MS), id === undefined ? [] : this.#answers(id)]);
    return [here, ...there].reduce((sum, { ended, inFlight }) => ({
      ended: sum.ended + ended,
      inFlight: sum.inFlight + inFlight,
    }));
  }

  /** Answers what others have asked since the last look. */
  async look(): Promise<void> {
    const { store, instances, now } = this.#options;
    const rows = await store.db.selectFrom('meta').selectAll().where('key', 'like', `${PREFIX}%`).execute();
    const old: string[] = [];
    for (const { key, value } of rows) {
      const id = key.slice(PREFIX.length);
      if (id.includes(':')) {
        if ((answerIn(value)?.at ?? 0) < now() - ABANDONED_MS) old.push(key);
        continue;
      }
      const asked = askedIn(store.seal, key, value);
      // Of another version, which knows what it is: it holds up none that can be read.
      if (!asked) continue;
      if (asked.at < now() - ABANDONED_MS) old.push(key);
      if (asked.from === instances().name || this.#seen.has(id)) continue;
      this.#seen.add(id);
      background(this.#answer(id, asked), () => this.#seen.delete(id));
    }
    for (const id of this.#seen) if (!rows.some(({ key }) => key === PREFIX + id)) this.#seen.delete(id);
    if (old.length > 0) await this.#delete(old);
  }

  async #answer(id: string, { app, user, own, shared, isDoubt }: Asked): Promise<void> {
    const { store, instances, now } = this.#options;
    if (isDoubt) {
      this.#options.doubt(app, shared);
      return;
    }
    const work = await this.#options.own({ app, user, own, shared }, WAIT_MS);
    const answer: Answer = { ...work, at: now() };
    const row = { key: `${PREFIX}${id}:${instances().name}`, value: JSON.stringify(answer) };
    await store.write(async (tx) => {
      const { key, value } = row;
      await tx
        .insertInto('meta')
        .values(row)
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
        .execute();
      return key;
    });
  }

  async #answers(id: string): Promise<readonly WithdrawnWork[]> {
    const { store, instances } = this.#options;
    const prefix = `${PREFIX}${id}:`;
    const until = performance.now() + WAIT_MS + GRACE_MS;
    const living = await instances()
      .living()
      .catch(() => []);
    const others = living.filter((name) => name !== instances().name);
    let answers: readonly Answer[] = [];
    do {
      await pause(ANSWER_LOOK_MS);
      const rows = await store.db
        .selectFrom('meta')
        .select('value')
        .where('key', 'like', `${prefix}%`)
        .execute()
        .catch(() => []);
      answers = rows.flatMap(({ value }) => answerIn(value) ?? []);
    } while (answers.length < others.length && performance.now() < until);
    const silent = others.length - answers.length;
    if (silent <= 0) await this.#forget(id).catch(() => {});
    else this.#forgetLater(id, KEEP_MS);
    return silent > 0 ? [...answers, { ended: 0, inFlight: silent }] : answers;
  }

  /** Those that were silent may still hear of it. */
  #forgetLater(id: string, ms: number): void {
    const timer = setTimeout(() => {
      this.#leftovers.delete(timer);
      background(this.#forget(id), () => {});
    }, ms).unref();
    this.#leftovers.add(timer);
  }

  #forget(id: string): Promise<void> {
    return this.#options.store.write(async (tx) => {
      await tx
        .deleteFrom('meta')
        .where((eb) => eb.or([eb('key', '=', PREFIX + id), eb('key', 'like', `${PREFIX}${id}:%`)]))
        .execute();
    });
  }

  #delete(keys: readonly string[]): Promise<void> {
    return this.#options.store.write(async (tx) => {
      await tx.deleteFrom('meta').where('key', 'in', keys).execute();
    });
  }
}

function answerIn(value: string): Answer | undefined {
  try {
    return JSON.parse(value) as Answer;
  } catch {
    return undefined;
  }
}

function askedIn(seal: HubStore['seal'], key: string, value: string): Asked | undefined {
  try {
    return JSON.parse(seal.open(value, key)) as Asked;
  } catch {
    return undefined;
  }
}
