/** Decides about people, writes it, and has what leaves handed to the carrier once that is committed. */
import { background } from '../../kit/background.ts';
import { toError } from '../../kit/errors.ts';
import { RefusedError } from '../../kit/refusal.ts';
import type { DecidedFact } from '../../observe/metrics/hub-counts.ts';
import { noteTries } from '../devices/suspicion.ts';
import type { HopDecision } from '../notifications/decision.ts';
import type { HubPolicy } from '../notifications/policy.ts';
import type { NotTaken, PushCarrier } from '../push/push-carrier.ts';
import { turnOf } from '../storage/prepared.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import { UnreadableError } from '../storage/unreadable.ts';
import { openDigests, takeIntoDigests, takeOutOfDigests } from './digests/digest-items.ts';
import { withUnreadable } from './facts/unreadable-devices.ts';
import { batchesOf, type HandedOver, type RendererOf } from './hand-over.ts';
import type { HubEvents } from './hub-events.ts';
import { type NoChannelHook, noteUnreached } from './no-channel.ts';
import type { HandedBatches } from './outcomes/handed-batches.ts';
import { deleteHandovers, insertHandovers } from './rows/handover-rows.ts';
import { endedAmong, keyOf } from './rows/notification-rows.ts';
import { sendAgain } from './send-again.ts';
import { settleStatuses } from './settle-status.ts';
import { type Leaving, type PersonAt, type Stepped, stepPeople, writeSteps } from './step-people.ts';

/** The live connections of people. */
export interface Realtime {
  /** Puts notifications into the streams of their people, in the transaction that decides it. */
  publish(tx: HubDb, leaving: readonly Leaving[]): Promise<void>;
  /** After the commit: readers hear that there is something. */
  wake(leaving: readonly Leaving[]): void;
  /** After the commit: the counts of a person's inbox are others. */
  inboxChanged(owner: { readonly app: string; readonly user: string }): void;
}

export interface PlacingOptions {
  readonly store: HubStore;
  readonly carrier: PushCarrier;
  readonly batches: HandedBatches;
  readonly realtime?: Realtime | undefined;
  readonly policyOf: (app: string) => HubPolicy;
  readonly rendererOf: RendererOf;
  readonly instance: string;
  readonly newId: () => string;
  /** UNIX milliseconds. */
  readonly now: () => number;
  readonly monotonic: () => number;
  /** Whether others may have taken over since then, monotonic milliseconds, what this instance handed over. */
  readonly isDoubtful: (since: number) => boolean;
  /** A timer was set. */
  readonly nudge: (at: number) => void;
  readonly events?: HubEvents | undefined;
  readonly noChannel?: NoChannelHook | undefined;
  readonly tell: (level: 'warn' | 'error', message: string) => void;
}

/** What is to be done after the commit. */
export interface Placed {
  /** By place in what was asked. */
  readonly decisions: readonly (readonly HopDecision[])[];
  readonly handed: readonly HandedOver[];
  readonly live: readonly Leaving[];
  readonly changed: readonly DecidedFact[];
  readonly dueAt: number | undefined;
  /** Monotonic milliseconds. */
  readonly begunAt: number;
}

export const nothingPlaced: Placed = {
  ...{ decisions: [], handed: [], live: [], changed: [], dueAt: undefined },
  begunAt: Number.POSITIVE_INFINITY,
};

/** What one transaction has placed in several steps. */
export const placedTogether = (all: readonly Placed[]): Placed => ({
  decisions: all.flatMap(({ decisions }) => decisions),
  handed: all.flatMap(({ handed }) => handed),
  live: all.flatMap(({ live }) => live),
  changed: all.flatMap(({ changed }) => changed),
  dueAt: all.reduce<number | undefined>((at, placed) => earliest(at, placed.dueAt), undefined),
  begunAt: Math.min(...all.map(({ begunAt }) => begunAt)),
});

/** What a carrier did not take is decided again after this. */
const AGAIN_MS = 2000;

export class Placing {
  readonly #options: PlacingOptions;
  readonly #leaving = new Set<Promise<void>>();

  constructor(options: PlacingOptions) {
    this.#options = options;
  }

  /** Whether the app can send to a platform. */
  readonly can = (app: string, platform: string): boolean => this.#options.carrier.can(app, platform);

  /** In one transaction. */
  async place(tx: HubDb, people: readonly PersonAt[]): Promise<Placed> {
    const { store, realtime, policyOf, newId, now, monotonic, noChannel } = this.#options;
    const at = now();
    const begunAt = monotonic();
    const open = await openDigests(tx, people);
    const asked = open ? people.map((person) => ({ ...person, openDigests: open(person) })) : people;
    const { stepped, handed } = await this.#step(tx, asked, at);
    const { decisions, leave, digested } = stepped;
    const carried = new Map(handed.flatMap(({ batch, rows }) => rows.map((row) => [row, batch.batch] as const)));
    await writeSteps(tx, stepped, { policyOf, now: at }, (row) => carried.get(row));
    await insertHandovers(
      tx,
      handed.map(({ handover }) => handover),
    );
    await noteSuspects(tx, leave, at);
    await takeOutOfDigests(tx, stepped.undigested);
    const digestAt = await takeIntoDigests(tx, { seal: store.seal, newId }, digested);
    const live = leave.filter(({ row }) => row.channel === 'realtime');
    if (live.length > 0) await realtime?.publish(tx, live);
    const toldAt = (await noteUnreached(tx, noChannel, stepped.unreached, at)) ? at : undefined;
    return {
      decisions,
      handed,
      live,
      changed: stepped.changed,
      dueAt: earliest(earliest(stepped.dueAt, digestAt), toldAt),
      begunAt,
    };
  }

  /** What is decided, and what leaves by it. Nothing is written, so that it can be done again without devices that cannot be read. */
  async #step(
    tx: HubDb,
    people: readonly PersonAt[],
    at: number,
  ): Promise<{ readonly stepped: Stepped; readonly handed: readonly HandedOver[] }> {
    const { store, policyOf, rendererOf, instance, newId } = this.#options;
    const stepping = { policyOf, can: this.can, now: at, newId };
    const stepped = await stepPeople(people, stepping, () => turnOf(tx));
    try {
      const parts = { seal: store.seal, instance, newBatch: newId, rendererOf, now: at };
      return { stepped, handed: batchesOf(stepped.leave, parts) };
    } catch (error) {
      const others = error instanceof UnreadableError ? withUnreadable(people, stepped.leave) : undefined;
      if (!others) throw error;
      return this.#step(tx, others, at);
    }
  }

  /** After the commit. */
  deliver({ handed, live, changed, dueAt, begunAt }: Placed): void {
    const { batches, realtime, nudge, events } = this.#options;
    events?.decided?.(changed);
    if (live.length > 0) realtime?.wake(live);
    if (dueAt !== undefined) nudge(dueAt);
    if (handed.length === 0) return;
    for (const { held } of handed) batches.add(held);
    const leaving = this.#send(handed, begunAt).then((notTaken) => this.#takeBack(handed, notTaken));
    this.#leaving.add(leaving);
    background(
      leaving.finally(() => this.#leaving.delete(leaving)),
      (error) => this.#options.tell('error', `pushes of the hub wait for a while: ${error.message}`),
    );
  }

  /** @returns what the carrier did not take */
  async #send(handed: readonly HandedOver[], begunAt: number): Promise<readonly NotTaken[]> {
    const { carrier, isDoubtful } = this.#options;
    // This process stood still meanwhile, and others may have taken it over: what they have not is decided again.
    if (isDoubtful(begunAt)) return handed.map(({ batch: { batch } }) => ({ batch, why: 'late', retryAfterMs: 0 }));
    if (handed.some(({ mayEnd }) => mayEnd)) return this.#sendWanted(handed);
    return carrier.send(handed.map(({ batch }) => batch));
  }

  /** Resolves once what was delivered is with the carrier, or was taken back. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#leaving);
  }

  /** Asks once more: between the decision and now an incident may have been resolved, by whatever instance. */
  async #sendWanted(handed: readonly HandedOver[]): Promise<NotTaken[]> {
    const { store, carrier } = this.#options;
    const asked = handed.filter(({ mayEnd }) => mayEnd).map(({ held }) => held);
    // A store that cannot be asked keeps no one from hearing of an incident.
    const over = await endedAmong(store.db, asked).catch(() => new Set<string>());
    const [ended, wanted] = [true, false].map((isOver) =>
      handed.filter(({ held, mayEnd }) => (mayEnd && over.has(keyOf(held))) === isOver),
    ) as [HandedOver[], HandedOver[]];
    const notTaken = wanted.length === 0 ? [] : await carrier.send(wanted.map(({ batch }) => batch));
    // They are decided again at once, and end with the reason.
    return [...notTaken, ...ended.map(({ batch: { batch } }) => ({ batch, why: 'ended', retryAfterMs: 0 }))];
  }

  /** What the carrier did not take is decided again a little later, unless another instance has taken it over. */
  async #takeBack(handed: readonly HandedOver[], notTaken: readonly NotTaken[]): Promise<void> {
    if (notTaken.length === 0) return;
    const { store, batches, now, nudge, tell } = this.#options;
    const byBatch = new Map(notTaken.map((each) => [each.batch, each]));
    const back = handed.filter(({ batch }) => byBatch.has(batch.batch));
    let next = Number.POSITIVE_INFINITY;
    for (const { held } of back) batches.delete(held);
    try {
      await store.write(async (tx) => {
        for (const { held } of back) {
          const at = now() + Math.ceil(byBatch.get(held.batch)?.retryAfterMs ?? AGAIN_MS);
          next = Math.min(next, at);
          const count = await sendAgain(tx, held, [...held.targets.values()], at);
          await deleteHandovers(tx, held.app, [held.batch]);
          // Its people were erased: what of the notification has ended meanwhile left it to this batch to see whether it is done.
          if (count === 0) await settleStatuses(tx, held.app, [held.notification], now());
          await noteTries(tx, held.app, suspectsIn(held), undefined);
        }
      });
      nudge(next);
    } catch (thrown) {
      // The rows stay, and are found as those that nothing here knows of.
      const error = toError(thrown);
      if (!(error instanceof RefusedError)) tell('error', `pushes of the hub wait for a while: ${error.message}`);
    }
  }
}

const suspectsIn = ({ targets }: HandedOver['held']): string[] =>
  [...targets.values()].filter(({ suspect }) => suspect).map(({ device }) => device);

/** What is suspected to be dead gets this push and no other. */
async function noteSuspects(tx: HubDb, leaving: readonly Leaving[], now: number): Promise<void> {
  const suspects = leaving.filter(({ device }) => device?.isSuspect);
  for (const [app, own] of Map.groupBy(suspects, ({ row }) => row.app))
    await noteTries(
      tx,
      app,
      own.map(({ device }) => device?.id ?? ''),
      now,
    );
}

const earliest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b);
