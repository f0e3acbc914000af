import type { HubBatch, NotTaken, PushCarrier, PushListener, PushOutcome } from '../../../src/hub/push/push-carrier.ts';
import { background } from '../../../src/kit/background.ts';
import type { Failed, Outcome } from '../../../src/push/push.ts';
import type { SeededRandom } from '../seeded-random.ts';

/** What a provider does with one attempt. `lost`: it has it, and its answer never comes. */
export type Fate = 'accept' | 'receipt' | 'dead' | 'refuse' | 'busy' | 'lost';

/** Faults of the way to the providers. */
export interface CarrierFaults {
  /** The queue takes no batch now. */
  full(): boolean;
  /** An outcome is told twice. */
  twice(): boolean;
  /** Milliseconds until an outcome is told: they overtake each other. */
  telling(): number;
}

export interface CarrierWorld {
  readonly random: SeededRandom;
  readonly faults: CarrierFaults;
  /** Virtual milliseconds. */
  readonly now: () => number;
  /** The wall clock of this instance. */
  readonly wall: () => number;
  fate(target: string): Fate;
  handedOver(batch: HubBatch): void;
  /** Bytes of the attempt are on the wire. @param asked when the hub said that it was wanted, if it was asked */
  attempted(batch: string, target: string, fate: Fate, asked: number | undefined): void;
  /** The final word of the provider is known here. */
  ended(batch: string, target: string, outcome: Outcome): void;
}

interface Queued {
  readonly batch: HubBatch;
  readonly open: Set<string>;
  readonly attempts: Map<string, number>;
  /** When it was taken, in this life; of an earlier life: `-Infinity`. */
  since: number;
}

interface Receipt {
  readonly batch: HubBatch;
  readonly target: string;
}

/** What an instance's queue file has: it outlives the process. */
export class QueueFile {
  readonly kept = new Map<string, Queued>();
  readonly receipts = new Map<string, Receipt>();
}

const failed = (category: Failed['category'], reason: string): Failed => ({
  ...{ kind: 'failed', category, reason, error: reason },
});

/** As src/relay/second-look.ts: what waited longer is asked about. */
const FRESH_MS = 60_000;
const ASK_AGAIN_MS = 5000;
/** An outcome is in the queue file so much later. */
const JOURNAL_MS = 5;
const RECEIPT_MS = 60_000;

/** The relay of one life, as the hub sees it: a queue with retries in front of providers that a history scripts. */
export class SimCarrier implements PushCarrier {
  readonly #file: QueueFile;
  readonly #world: CarrierWorld;
  readonly #open = new Map<string, number>();
  #listener: PushListener | undefined;

  constructor(file: QueueFile, world: CarrierWorld) {
    this.#file = file;
    this.#world = world;
  }

  /** What an earlier process left goes on. */
  restore(): void {
    for (const queued of this.#file.kept.values()) {
      queued.since = Number.NEGATIVE_INFINITY;
      this.#open.set(queued.batch.batch, queued.open.size);
      for (const target of queued.open) this.#plan(queued, target, this.#world.random.between(0, 50));
    }
    for (const receipt of this.#file.receipts.values()) this.#awaitReceipt(receipt);
  }

  async send(batches: readonly HubBatch[]): Promise<readonly NotTaken[]> {
    const { random, faults, now } = this.#world;
    const notTaken: NotTaken[] = [];
    for (const batch of batches) {
      if (this.#open.has(batch.batch)) continue;
      if (faults.full()) {
        notTaken.push({ batch: batch.batch, why: 'full', retryAfterMs: random.between(1, 3000) });
        continue;
      }
      this.#world.handedOver(batch);
      const open = new Set(batch.notification.tokens);
      const queued: Queued = { batch, open, attempts: new Map(), since: now() };
      this.#file.kept.set(batch.batch, queued);
      this.#open.set(batch.batch, open.size);
      for (const target of open) this.#plan(queued, target, random.between(0, 30));
    }
    return notTaken;
  }

  holds(batch: string): boolean {
    return this.#open.has(batch);
  }

  listen(listener: PushListener): void {
    this.#listener = listener;
  }

  health() {
    return { status: 'pass' as const };
  }

  can(): boolean {
    return true;
  }

  async close(): Promise<void> {}

  #plan(queued: Queued, target: string, ms: number): void {
    setTimeout(() => background(this.#attempt(queued, target)), ms);
  }

  async #attempt(queued: Queued, target: string): Promise<void> {
    const { batch, open, attempts } = queued;
    const { now, wall, random } = this.#world;
    if (!open.has(target)) return;
    if (batch.expiresAt !== undefined && batch.expiresAt <= wall())
      return this.#end(queued, target, failed('expired', 'Expired'));
    const sent = attempts.get(target) ?? 0;
    let asked: number | undefined;
    if (sent > 0 || now() - queued.since >= FRESH_MS || this.#listener?.isDoubtful?.(queued.since)) {
      const wanted = await this.#isWanted(batch, target);
      if (wanted === undefined) return this.#plan(queued, target, ASK_AGAIN_MS);
      if (!wanted) return this.#end(queued, target, failed('cancelled', 'Cancelled'));
      asked = now();
    }
    const fate = this.#world.fate(target);
    attempts.set(target, sent + 1);
    this.#world.attempted(batch.batch, target, fate, asked);
    setTimeout(() => this.#answered(queued, target, fate), random.between(1, 80));
  }

  async #isWanted({ batch, app }: HubBatch, target: string): Promise<boolean | undefined> {
    try {
      return (await this.#listener?.stillWanted({ batch, app, targets: [target] }))?.[0];
    } catch {
      return undefined;
    }
  }

  #answered(queued: Queued, target: string, fate: Fate): void {
    const { random, wall } = this.#world;
    if (fate === 'busy' || fate === 'lost') this.#plan(queued, target, random.between(500, 8000));
    else if (fate === 'dead') this.#end(queued, target, failed('invalid_token', 'Unregistered'));
    else if (fate === 'refuse') this.#end(queued, target, failed('invalid_request', 'BadTopic'));
    else if (fate === 'accept') this.#end(queued, target, { kind: 'accepted' });
    else {
      this.#end(queued, target, { kind: 'accepted', receipt: { from: wall(), until: wall() + RECEIPT_MS } as never });
      const receipt = { batch: queued.batch, target };
      this.#file.receipts.set(`${receipt.batch.batch} ${target}`, receipt);
      this.#awaitReceipt(receipt);
    }
  }

  #end(queued: Queued, target: string, outcome: Outcome): void {
    const { batch, open, attempts } = queued;
    this.#world.ended(batch.batch, target, outcome);
    this.#tell(batch, target, outcome, attempts.get(target) ?? 0, () => {
      const left = (this.#open.get(batch.batch) ?? 1) - 1;
      if (left > 0) this.#open.set(batch.batch, left);
      else this.#open.delete(batch.batch);
      setTimeout(() => {
        open.delete(target);
        if (open.size === 0) this.#file.kept.delete(batch.batch);
      }, JOURNAL_MS);
    });
  }

  #awaitReceipt(receipt: Receipt): void {
    const { batch, target } = receipt;
    const { random } = this.#world;
    setTimeout(
      () => {
        const late = random.pick(['delivered', 'failed', 'unknown'] as const);
        const outcome: Outcome =
          late === 'failed' ? failed('invalid_token', 'DeviceNotRegistered') : { kind: 'accepted' };
        this.#world.ended(batch.batch, target, outcome);
        this.#tell(batch, target, outcome, 1, () => this.#file.receipts.delete(`${batch.batch} ${target}`), late);
      },
      random.between(10, 20_000),
    );
  }

  #tell(
    { batch, app }: HubBatch,
    target: string,
    outcome: Outcome,
    attempts: number,
    told: () => void,
    late?: PushOutcome['late'],
  ): void {
    const { faults, random, wall } = this.#world;
    const tell = (): void =>
      this.#listener?.outcomes([
        { batch, app, target, outcome, attempts, at: wall(), ...(late === undefined ? {} : { late }) },
      ]);
    setTimeout(() => {
      tell();
      told();
    }, faults.telling());
    const again = random.between(1, 3000);
    if (faults.twice()) setTimeout(tell, again);
  }
}
