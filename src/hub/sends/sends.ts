/** Sends to people: takes notifications, keeps every decision about them, and sees each to its end, over restarts and instances. */
import crypto from 'node:crypto';
import { background } from '../../kit/background.ts';
import type { DeviceVerdict } from '../devices/device.ts';
import type { HubPolicy } from '../notifications/policy.ts';
import type { PushCarrier, PushListener, PushOutcome } from '../push/push-carrier.ts';
import { notingFailures, writingAfter } from '../storage/noting-failures.ts';
import type { HubStore } from '../storage/storage.ts';
import type { DueWork } from '../timers/due-rows.ts';
import { DueRunner } from '../timers/due-runner.ts';
import { Accepting } from './accepting/accepting.ts';
import type { AcceptedSend, PresenceOf, SendOrder } from './accepting/send-order.ts';
import { CLEAR_DUE } from './clearing/clear-due.ts';
import { Clearer } from './clearing/clearing.ts';
import { DIGEST_DUE } from './digests/digest-items.ts';
import { Digesting } from './digests/digesting.ts';
import { NextDigest } from './digests/next-digest.ts';
import { follow } from './following.ts';
import type { RendererOf } from './hand-over.ts';
import { heldWork } from './held/held-work.ts';
import type { HubEvents } from './hub-events.ts';
import { Marking } from './marking.ts';
import type { MarkOwner } from './marks.ts';
import { NO_CHANNEL_DUE, type NoChannelHook, noChannelWork } from './no-channel.ts';
import { Notices } from './notices.ts';
import type { ChangedDecision } from './outcomes/changed-decision.ts';
import { HandedBatches } from './outcomes/handed-batches.ts';
import { type EndedTarget, OutcomeWriter } from './outcomes/outcome-writer.ts';
import { RetryNotes } from './outcomes/retry-notes.ts';
import { stillWanted } from './outcomes/still-wanted.ts';
import { TakeOver } from './outcomes/take-over.ts';
import { HELD_DUE, PAGE_DUE, PERSON_DUE } from './person-due.ts';
import { PersonWork } from './person-work.ts';
import { Placing, type Realtime } from './placing.ts';
import { ListPlaces } from './rows/list-places.ts';

export interface SendsOptions {
  readonly store: HubStore;
  readonly carrier: PushCarrier;
  readonly policyOf: (app: string) => HubPolicy;
  readonly rendererOf: RendererOf;
  readonly presenceOf: PresenceOf;
  readonly realtime?: Realtime | undefined;
  /** Takes in what providers said of devices' tokens. */
  readonly applyVerdicts: (verdicts: readonly DeviceVerdict[]) => Promise<unknown>;
  /** Takes in what providers said of addresses. */
  readonly noteAddresses: (ended: readonly EndedTarget[]) => Promise<unknown>;
  /** Name of this instance, `hub.instance`. */
  readonly instance: string;
  /** `hub.devices.stale_after`. */
  readonly staleAfterMs: number;
  /** People of a notification that are decided about in one transaction; default 500. */
  readonly page?: number;
  /** Timers of other parts, by kind. */
  readonly works?: Readonly<Record<string, DueWork>>;
  /** Decisions that outcomes have changed, after the commit. */
  readonly ended?: (changed: readonly ChangedDecision[]) => void;
  readonly events?: HubEvents | undefined;
  /** Hears of people whom nothing can reach. */
  readonly noChannel?: NoChannelHook | undefined;
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** UNIX milliseconds. */
  readonly now?: () => number;
  /** Milliseconds of a clock that does not jump. */
  readonly monotonic?: () => number;
  readonly newId?: () => string;
}

/** Ids that rise with the time: rows that are made together lie together in the store. */
const risingId = (): string => crypto.randomUUIDv7();

const PAGE = 500;
const performanceNow = (): number => performance.now();

export class Sends {
  readonly #options: SendsOptions;
  readonly #placing: Placing;
  readonly #accepting: Accepting;
  readonly #outcomes: OutcomeWriter;
  readonly #retries: RetryNotes;
  readonly #clearer: Clearer;
  readonly #runner: DueRunner;
  readonly #takeOver: TakeOver;
  readonly #batches = new HandedBatches();
  readonly #instance: string;
  /** What people's work is nudged by. */
  readonly nudge: (at: number) => void;
  /** What people do with what they were sent. */
  readonly marking: Marking;
  /** For parts of the hub that have something to say. */
  readonly notices: Notices;

  constructor(options: SendsOptions) {
    const { carrier, policyOf, presenceOf, rendererOf, realtime, staleAfterMs, tell } = options;
    const { now = Date.now, newId = risingId, works = {}, events, noChannel } = options;
    const { page = PAGE, monotonic = performanceNow } = options;
    this.#options = options;
    const store = notingFailures(options.store, () => this.#takeOver.doubt());
    // Each run is an instance of its own: what a former run left is another's.
    const instance = `${options.instance}#${newId()}`;
    this.#instance = instance;
    const nudge = (at: number): void => this.#runner.nudge(at);
    this.nudge = nudge;
    const batches = this.#batches;
    const known = writingAfter(store, () => this.#takeOver.madeKnown());
    const common = { store: known, policyOf, staleAfterMs, now, newId, presenceOf, places: new ListPlaces(now) };
    const placing = new Placing({
      ...{ ...common, monotonic, carrier, batches, realtime, rendererOf, instance, nudge, events, noChannel, tell },
      isDoubtful: (since) => this.#takeOver.isDoubtful(since),
    });
    this.#placing = placing;
    this.#accepting = new Accepting({ ...common, page, placing, batches, events, nudge });
    this.notices = new Notices({ store: known, accepting: this.#accepting, presenceOf, events, newId, nudge, now });
    const nextDigest = new NextDigest(common);
    const people = new PersonWork({ ...common, placing, nextDigest });
    const inboxChanged = realtime && ((owner: MarkOwner) => realtime.inboxChanged(owner));
    this.marking = new Marking({ people, placing, policyOf, nudge, inboxChanged, events, now });
    this.#clearer = new Clearer({ store, carrier, policyOf, staleAfterMs, newId, now });
    const digests = new Digesting({ ...common, placing, nextDigest });
    const own = {
      ...{ [PERSON_DUE]: people.run, [PAGE_DUE]: this.#accepting.pages, [DIGEST_DUE]: digests.run },
      [HELD_DUE]: heldWork({ ...common, people, placing }),
      [CLEAR_DUE]: this.#clearer.run,
    };
    const telling = noChannel ? { [NO_CHANNEL_DUE]: noChannelWork({ store, hook: noChannel, now }) } : {};
    const large = { kinds: [HELD_DUE], atOnce: store.engine === 'sqlite' ? 1 : 2 };
    this.#runner = new DueRunner({ store, instance, works: { ...works, ...own, ...telling }, large, tell, now });
    this.#takeOver = new TakeOver({
      ...{ store, instance, carrier, batches, tell, now, monotonic, events, nudge: () => nudge(now()) },
      outcomesWritten: () => this.#outcomes.idle(),
    });
    this.#retries = new RetryNotes({ store, batches });
    this.#outcomes = new OutcomeWriter({
      ...{ store, batches, now, tell },
      verdicts: (ended) => this.#noteVerdicts(ended),
      follow: (tx, changed, ended) => follow(tx, changed, { nextDigest, now: now(), ...ended }),
      written: (changed, { isDue, also }) => {
        if (isDue) nudge(now());
        events?.decided?.([...changed, ...also]);
        options.ended?.(changed);
      },
    });
    carrier.listen(this.#listener(instance));
  }

  /** Begins with what is due, and with what former runs and other instances left. */
  start(): void {
    this.#takeOver.start();
    this.#runner.start();
  }

  /** @throws RefusedSend when the id was used for another body */
  accept(order: SendOrder): Promise<AcceptedSend> {
    return this.#accepting.accept(order);
  }

  /** Targets under way. */
  get underWay(): number {
    return this.#batches.size;
  }

  /** Does all that is due now and writes what was heard: for tests with a clock of their own, and for the end of a drain. */
  async settle(): Promise<void> {
    await this.#placing.idle();
    await this.#outcomes.idle();
    await this.#retries.idle();
    await this.#runner.runDue();
  }

  /** The instances of the hub on this store. */
  get instances() {
    const { signs } = this.#takeOver;
    return {
      name: this.#instance,
      get hasOthers() {
        return signs.hasOthers;
      },
      living: () => signs.living(),
    };
  }

  /** Looks for what instances that died have left: what `start` does every few seconds. */
  takeOver(): Promise<void> {
    return this.#takeOver.look();
  }

  /** What becomes due from now on is left to others. */
  retire(): Promise<void> {
    return this.#runner.close();
  }

  async close(): Promise<void> {
    await this.#runner.close();
    await this.#takeOver.close();
    await this.#retries.close();
    await this.#outcomes.close();
  }

  #listener(instance: string): PushListener {
    const { store } = this.#options;
    const batches = this.#batches;
    return {
      outcomes: (outcomes) => this.#heard(outcomes),
      retried: (retries) => this.#retries.add(retries),
      isDoubtful: (since) => this.#takeOver.isDoubtful(since),
      stillWanted: (question) =>
        this.#clearer.isOurs(question)
          ? this.#clearer.stillWanted(question)
          : stillWanted({ store, batches, instance }, question),
    };
  }

  #heard(outcomes: readonly PushOutcome[]): void {
    const clearing = outcomes.filter((each) => this.#clearer.isOurs(each));
    if (clearing.length === 0) {
      this.#outcomes.add(outcomes);
      return;
    }
    this.#outcomes.add(outcomes.filter((each) => !this.#clearer.isOurs(each)));
    const verdicts = clearing.flatMap((outcome) => {
      const target = this.#clearer.ended(outcome);
      return target ? verdictOf({ outcome, target, channel: 'push' }) : [];
    });
    // A store that is away says so by itself, and the next push to a dead token finds it dead again.
    if (verdicts.length > 0) background(this.#options.applyVerdicts(verdicts), () => {});
  }

  async #noteVerdicts(ended: readonly EndedTarget[]): Promise<void> {
    const { applyVerdicts, noteAddresses } = this.#options;
    const verdicts = ended.flatMap(verdictOf);
    if (verdicts.length > 0) await applyVerdicts(verdicts);
    const addresses = ended.filter(({ target, outcome }) => target.device === '' && outcome.outcome.kind === 'failed');
    if (addresses.length > 0) await noteAddresses(addresses);
  }
}

/** Dead tokens, keys that do not fit, and suspected tokens that are alive. */
function verdictOf({ outcome: about, target }: EndedTarget): DeviceVerdict[] {
  const { app, outcome, at, late } = about;
  const { device, rev: tokenRev, suspect } = target;
  const isTaken = outcome.kind === 'accepted' && (outcome.receipt === undefined || late !== undefined);
  if (suspect && isTaken) return [{ app, device, tokenRev, verdict: 'taken', reason: '', at }];
  if (outcome.kind !== 'failed' || device === '') return [];
  const { category, reason, unregisteredAt } = outcome;
  const verdict = category === 'invalid_token' ? 'dead' : reason === 'KeyMismatch' ? 'key_mismatch' : undefined;
  if (!verdict) return [];
  const deadSince = unregisteredAt === undefined ? undefined : Date.parse(unregisteredAt);
  return [{ app, device, tokenRev, verdict, reason, at, deadSince }];
}
