import { onTestFinished } from 'vitest';
import { apns } from '../../../src/apns/provider.ts';
import { LocalCarrier } from '../../../src/hub/push/local-carrier.ts';
import type {
  HubBatch,
  PushListener,
  PushOutcome,
  PushQuestion,
  PushRetry,
} from '../../../src/hub/push/push-carrier.ts';
import { builtIn } from '../../../src/providers/registry.ts';
import type { Category, Delivery, Failed, Outcome, PushTransport } from '../../../src/push/push.ts';
import { combineEvents } from '../../../src/push/relay-events.ts';
import { LocalQueue } from '../../../src/queue/file/local-queue.ts';
import type { Lanes } from '../../../src/relay/dispatch.ts';
import { Dispatch } from '../../../src/relay/dispatch.ts';
import { createIntake } from '../../../src/relay/intake.ts';
import { LaneSet } from '../../../src/relay/lane-set.ts';
import { Outcomes } from '../../../src/relay/outcomes.ts';
import type { Route } from '../../../src/relay/plan.ts';
import { createRestore } from '../../../src/relay/restore.ts';
import type { RetryPolicy } from '../../../src/relay/retry-decision.ts';
import { SyncRequests } from '../../../src/relay/sync-requests.ts';
import { MemoryFile } from '../../simulation/memory-file.ts';
import { FREE_RETRIES } from '../../support/free-retries.ts';
import { laneId } from '../../support/lane-id.ts';

export const failed = (category: Category, more: Partial<Failed> = {}): Failed => ({
  kind: 'failed',
  category,
  reason: 'Why',
  error: 'why',
  ...more,
});

/** What the hub hears, and says when it is asked: of each target whether it is still wanted. */
export class Listener implements PushListener {
  readonly ended: PushOutcome[] = [];
  readonly retries: PushRetry[] = [];
  readonly asked: PushQuestion[] = [];
  answer: (target: string) => boolean = () => true;

  doubtful = false;

  isDoubtful(): boolean {
    return this.doubtful;
  }

  outcomes(outcomes: readonly PushOutcome[]): void {
    this.ended.push(...outcomes);
  }

  retried(retries: readonly PushRetry[]): void {
    this.retries.push(...retries);
  }

  async stillWanted(question: PushQuestion): Promise<readonly boolean[]> {
    this.asked.push(question);
    return question.targets.map((target) => this.answer(target));
  }

  /** `target: reason` of what failed, `target: ok` of the rest. */
  get words(): string[] {
    return this.ended.map(({ target, outcome }) => `${target}: ${outcome.kind === 'failed' ? outcome.reason : 'ok'}`);
  }
}

export interface BenchOptions {
  /** Undefined: no answer yet. */
  readonly answer: (target: string, attempt: number) => Outcome | undefined;
  readonly file?: MemoryFile;
  readonly maxAgeMs?: number;
  readonly rateLimit?: number;
  readonly listener?: Listener;
}

/** The local carrier on a relay of one lane, whose pushes `max_retry` 0 would not repeat. */
export function openBench({ answer, file = new MemoryFile(), maxAgeMs = 60_000, rateLimit, listener }: BenchOptions) {
  const sent: Delivery[] = [];
  const transport: PushTransport = {
    send(delivery, settle) {
      sent.push(delivery);
      setImmediate(() => {
        for (const [index, target] of delivery.targets.entries()) {
          const outcome = answer(target, delivery.attempt);
          if (outcome) settle(index, outcome);
        }
      });
    },
    status: () => ({ status: 'pass', sessions: 1, inFlight: 0, capacity: 100 }),
    close: async () => {},
  };
  const heard = listener ?? new Listener();
  const carrier = new LocalCarrier({ maxAgeMs });
  carrier.listen(heard);
  const events = combineEvents([carrier.events]);
  const sync = new SyncRequests();
  const policy: RetryPolicy = { maxRetry: 0, firstMs: 2, maxMs: 5, maxAgeMs: 10_000, free: FREE_RETRIES.hms };
  const outcomes = new Outcomes({ policyOf: () => policy, sync, lasting: carrier.lasting, events });
  const id = laneId();
  const route = (app: string): Route => ({
    ...{ app, platform: 'ios', rules: apns.requests, lane: id, provider: 'apns', environment: 'production' },
    slice: 100,
  });
  const restore = createRestore({
    decoder: builtIn.decoder,
    appOf: ({ app = 'default' }) => ({ app }),
    outcomes,
    onDamage: (why) => {
      throw new Error(why);
    },
  });
  const lanes = new LaneSet({
    openQueue: (callbacks) =>
      new LocalQueue({ ...callbacks, path: '', sync: 'normal', limit: 1000, openFile: () => file }),
    restore: (stored) => restore(stored, { route }),
    outcomes,
    lasting: carrier.lasting,
    reopen: () => lanes.open({ id, transport }),
  });
  lanes.open({ id, transport, ...(rateLimit ? { rateLimit } : {}) });
  const append: Lanes['append'] = (entries, body) => lanes.append(entries, body);
  const dispatch = new Dispatch({ lanes: { route, append }, outcomes, sync, events });
  const accept = createIntake({ dispatch, chooseApps: () => false, dedupe: true, windowMs: 60_000 });
  carrier.connect({ accept, queue: lanes.queue, lanes: { providerTrouble: () => undefined }, providers: builtIn });
  const close = async (): Promise<void> => {
    outcomes.close();
    lanes.halt();
    await lanes.queue.close();
  };
  onTestFinished(close);
  return { carrier, accept, sent, heard, file, close, queue: lanes.queue };
}

export const batchOf = (batch: string, tokens: string[], more: Partial<HubBatch> = {}): HubBatch => ({
  batch,
  app: 'default',
  notification: { platform: 1, tokens, message: 'hi' },
  ...more,
});
