/**
 * Receipts of all providers (src/carrier/late-outcomes.ts says what they are): those of pushes that were accepted are written once
 * a turn of the event loop, verdicts are reported to the listeners of the relay.
 *
 * - shut: no push has a receipt yet, and there is no file of a former process.
 * - open: until `close`. What cannot be written now is tried again each second; a damaged file is moved aside.
 * - closed.
 *
 * A verdict is marked in the file before it is reported, and deleted from it a while after: one whose process ended in between is
 * reported again by another, at the earliest a minute later. So each is reported once, and again only after a crash.
 */
import { existsSync } from 'node:fs';
import type { LateOutcomes, PendingReceipt, ReceiptVerdict } from '../../carrier/late-outcomes.ts';
import { toError } from '../../kit/errors.ts';
import { isBusy, isDamage, setAside } from '../../kit/files/sqlite-file.ts';
import { onceATurn } from '../../kit/once-a-turn.ts';
import { fairlyLast } from '../../kit/shares/fair-share.ts';
import { Throttle } from '../../kit/throttle.ts';
import type { Accepted, LateOutcome, RelayEvents, Settlement, TargetForm } from '../../push/push.ts';
import type { Withdrawal } from '../../queue/withdrawal.ts';
import { type EarlyVerdict, type KeptReceipt, ReceiptFile, type ToldReceipt } from './receipt-file.ts';
import { lateOutcome, receiptOf, verdictOf } from './receipt-record.ts';

export interface ReceiptsOptions {
  /** The file, which several processes may share; empty: memory. */
  readonly path: string;
  /** How each provider's targets are shown, of those whose pushes have receipts. */
  readonly forms: ReadonlyMap<string, TargetForm>;
  readonly report: (outcome: LateOutcome) => void;
  readonly tell: (level: 'warn' | 'error', message: string) => void;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

const TICK_MS = 1000;
/** Verdicts marked longer ago than this are those of a process that has ended. */
const ABANDONED_MS = 60_000;
/** How long a verdict waits for its push to be settled. */
const EARLY_MS = 60_000;
const MOST_EARLY = 10_000;
/** Receipts that wait for a file that cannot be written, and verdicts; of more, those of the apps that have most are lost first. */
const MOST_UNWRITTEN = 10_000;
/** Verdicts that are marked in one turn of the event loop. */
const MOST_AT_ONCE = 100;
const MAX_BYTES = 1024 * 1024 * 1024;
/** Receipts that one look gives up. */
const MOST_EXPIRED = 500;

type Told = Pick<KeptReceipt, 'provider' | 'id'>;

export class Receipts {
  /** Listens for accepted pushes. */
  readonly events: Required<Pick<RelayEvents, 'settled'>> = { settled: (settlement) => this.#settled(settlement) };
  readonly #options: ReceiptsOptions;
  readonly #now: () => number;
  readonly #throttle = new Throttle();
  readonly #plan = onceATurn(() => this.#write());
  #file: ReceiptFile | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #unwritten: KeptReceipt[] = [];
  /** Verdicts that could not be marked yet. */
  #verdicts: EarlyVerdict[] = [];
  /** Marked and reported: deleted at the next tick but one. */
  #told: Told[] = [];
  #toldBefore: Told[] = [];

  constructor(options: ReceiptsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Providers with receipts of a former process; opens the file if there is one. */
  providersLeft(): readonly string[] {
    const { forms } = this.#options;
    if (forms.size === 0) return [];
    return this.#whenThere((file) => file.providers().filter((provider) => forms.has(provider))) ?? [];
  }

  /** The receipts of a provider. */
  of(provider: string): LateOutcomes {
    return {
      due: (app, limit, pauseMs) => this.#due(provider, app, limit, pauseMs),
      apps: () => this.#whenThere((file) => file.apps(provider)) ?? [],
      report: (app, id, verdict) => this.#report({ provider, app, id }, verdict),
      forget: (ids) => {
        const gone = this.#whenThere((file) => file.forget(provider, ids)) ?? [];
        for (const receipt of gone) this.#tellListeners(receipt, () => undefined);
      },
    };
  }

  /** Verdicts about these targets of an app are not told, and nothing is kept of them. */
  erase({ app, names }: Withdrawal): void {
    const texts = [...names].map((name) => JSON.stringify(name).slice(1, -1));
    this.#whenThere((file) => file.erase(app, texts));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#write(MOST_UNWRITTEN);
    this.#using((file) => file.delete([...this.#toldBefore, ...this.#told]), false);
    this.#isClosed = true;
    this.#file?.close();
    this.#file = undefined;
  }

  #settled(settlement: Settlement): void {
    const { provider, outcomes } = settlement;
    if (provider === undefined || !this.#options.forms.has(provider)) return;
    const now = this.#now();
    for (let place = 0; place < outcomes.length; place++) {
      if ((outcomes[place] as Accepted).receipt === undefined) continue;
      const receipt = receiptOf(settlement, place, now);
      if (receipt) this.#unwritten.push(receipt);
    }
    if (this.#unwritten.length > 0) this.#plan();
  }

  #due(provider: string, app: string, limit: number, pauseMs: (asked: number) => number): readonly PendingReceipt[] {
    const found = this.#whenThere((file) => file.due(provider, app, limit, pauseMs, this.#now())) ?? [];
    return found.map(({ id, since, until }) => ({ id, app, since, until }));
  }

  #report(about: Omit<EarlyVerdict, 'verdict'>, verdict: ReceiptVerdict): void {
    if (verdict.kind === 'sent' || this.#isClosed) return;
    this.#verdicts.push({ ...about, verdict: JSON.stringify(verdict) });
    // What waits already was tried before, and is again with the next tick.
    if (this.#verdicts.length === 1) this.#write();
    else this.#verdicts = this.#shortenedVerdicts();
  }

  /** Writes what waits; what cannot be written waits on. @param most verdicts; the rest is for the next turn of the event loop */
  #write(most = MOST_AT_ONCE): void {
    if (this.#unwritten.length > 0) {
      const early = this.#using((file) => file.expect(this.#unwritten));
      if (early) this.#unwritten = [];
      else
        this.#unwritten = this.#shortened(
          this.#unwritten,
          'receipts are lost: what becomes of those pushes is not told',
        );
      this.#verdicts.push(...(early ?? []));
    }
    const verdicts = this.#verdicts;
    this.#verdicts = [];
    const some = verdicts.slice(0, most);
    // Where one cannot be marked the others cannot be either: each is tried once a tick, however many come meanwhile.
    const failed = some.findIndex((verdict) => !this.#apply(verdict));
    const left = verdicts.slice(failed < 0 ? some.length : failed);
    if (left.length > 0) this.#verdicts = [...left, ...this.#verdicts];
    if (left.length > 0 && failed < 0) this.#plan();
    this.#verdicts = this.#shortenedVerdicts();
  }

  /** False: it has to be tried again. */
  #apply(verdict: EarlyVerdict): boolean {
    const { provider, id } = verdict;
    const now = this.#now();
    const told = this.#using((file) => {
      const claimed = file.claim(verdict, now);
      if (!claimed && !file.has(provider, id)) file.keepEarly(verdict, now, MOST_EARLY);
      return { claimed };
    });
    if (told?.claimed) this.#tell(told.claimed);
    return told !== undefined;
  }

  #tell(receipt: ToldReceipt): void {
    this.#tellListeners(receipt, verdictOf);
    this.#told.push(receipt);
  }

  /** One that cannot be read is forgotten with a line in the log: its push was reported as accepted, and the others are not held up. */
  #tellListeners<Receipt extends KeptReceipt>(
    receipt: Receipt,
    verdict: (receipt: Receipt) => ReturnType<typeof verdictOf> | undefined,
  ): void {
    const { forms, report, tell, path } = this.#options;
    let outcome: LateOutcome;
    try {
      outcome = lateOutcome(receipt, verdict(receipt), forms.get(receipt.provider), this.#now());
    } catch {
      const { provider, id, app } = receipt;
      tell(
        'error',
        `receipts.path: ${path}: receipt ${id} of ${provider} (app ${app}) cannot be read, and is forgotten`,
      );
      return;
    }
    report(outcome);
  }

  #tick(): void {
    this.#write();
    const now = this.#now();
    this.#deleteTold();
    const left = this.#using((file) => {
      file.forgetEarly(now - EARLY_MS);
      return { abandoned: file.adopt(now - ABANDONED_MS, now), expired: file.expire(now, MAX_BYTES, MOST_EXPIRED) };
    });
    for (const receipt of left?.abandoned ?? []) this.#tell(receipt);
    for (const receipt of left?.expired ?? []) this.#tellListeners(receipt, () => undefined);
  }

  /** What was reported before the last tick: by now the listeners have written it down. */
  #deleteTold(): void {
    const told = this.#toldBefore;
    const isDeleted = this.#using((file) => {
      file.delete(told);
      return true;
    });
    if (!isDeleted) return;
    this.#toldBefore = this.#told;
    this.#told = [];
  }

  #shortenedVerdicts(): EarlyVerdict[] {
    return this.#shortened(this.#verdicts, 'verdicts are lost: those pushes stay accepted');
  }

  #shortened<Waiting extends { readonly app: string }>(waiting: Waiting[], loss: string): Waiting[] {
    const over = waiting.length - MOST_UNWRITTEN;
    if (over <= 0) return waiting;
    const kept = fairlyLast(waiting, MOST_UNWRITTEN, ({ app }) => app);
    const { tell } = this.#options;
    this.#throttle.add(loss, waiting.length - kept.length, (lost) => tell('error', `receipts.path: ${lost} ${loss}`));
    return kept;
  }

  #whenThere<Result>(work: (file: ReceiptFile) => Result): Result | undefined {
    if (this.#unwritten.length > 0) this.#write();
    return this.#file || this.#isThere() ? this.#using(work) : undefined;
  }

  /** There is a file of another process, or of a former one. */
  #isThere(): boolean {
    const { path } = this.#options;
    return path !== '' && existsSync(path);
  }

  /** Undefined when it failed, or everything is closed. @param opens false: a file that is not open stays so */
  #using<Result>(work: (file: ReceiptFile) => Result, opens = true): Result | undefined {
    if (this.#isClosed || (!this.#file && !opens)) return undefined;
    try {
      return work(this.#opened());
    } catch (thrown) {
      this.#failed(thrown);
      return undefined;
    }
  }

  #opened(): ReceiptFile {
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
    this.#file ??= new ReceiptFile(this.#options.path);
    return this.#file;
  }

  #failed(thrown: unknown): void {
    if (isBusy(thrown)) return;
    const { path, tell } = this.#options;
    const error = toError(thrown);
    this.#throttle.add('failed', 1, () => tell('error', `receipts.path: ${path}: ${error.message}`));
    if (!isDamage(error) || path === '') return;
    this.#file?.close();
    this.#file = undefined;
    tell('error', `receipts.path: ${path} is damaged: it was moved to ${setAside(path, new Date(this.#now()))}`);
  }
}
