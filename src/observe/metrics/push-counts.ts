import { toSeconds } from '../../kit/seconds.ts';
import { DEFAULT_APP } from '../../push/app-name.ts';
import type {
  Category,
  Environment,
  Failed,
  LateOutcome,
  Outcome,
  Provider,
  RelayEvents,
  Retry,
  Settlement,
  Timing,
} from '../../push/push.ts';
import type { Labels } from './family.ts';
import { Histogram } from './histogram.ts';

/** How many apps have series of their own; what comes later shares those of `other`. A histogram is many series. */
export const MOST_APPS = 1000;
export const MOST_TIMED_APPS = 100;
export const OTHER = 'other';

/** Failures by category, then by reason. */
type Failures = Map<Category, Map<string, number>>;

function addFailures(
  failures: Failures,
  { category, reason }: Failed,
  count: number,
  words: ReadonlySet<string>,
): void {
  let reasons = failures.get(category);
  if (!reasons) {
    reasons = new Map();
    failures.set(category, reasons);
  }
  const word = reasons.has(reason) || words.has(reason) ? reason : OTHER;
  reasons.set(word, (reasons.get(word) ?? 0) + count);
}

/** `none`: of pushes that no lane takes. */
export interface LaneLabels extends Labels {
  readonly app: string;
  readonly provider: Provider | 'none';
  readonly environment: Environment;
}

/** How long the pushes of one app to one environment of one provider took, seconds. */
export interface Latencies {
  readonly labels: LaneLabels;
  /** From acceptance to the final outcome; from the hand-over to the provider's answer; from acceptance to the hand-over. */
  readonly whole: Histogram;
  readonly provided: Histogram;
  readonly queued: Histogram;
}

/** What is counted of them. */
export interface PushCell {
  /** `none` for a push that no lane takes. */
  readonly provider: Provider | 'none';
  readonly labels: LaneLabels;
  accepted: number;
  readonly failed: Failures;
  readonly retried: Failures;
  /** What became of accepted ones later. */
  readonly late: { delivered: number; unknown: number; readonly failed: Failures };
  readonly latencies: Latencies;
}

const newLatencies = (labels: LaneLabels): Latencies => ({
  labels,
  whole: new Histogram(),
  provided: new Histogram(),
  queued: new Histogram(),
});

/** One pass over a batch, and one addition for each run of equal failures. */
function addOutcomes(cell: PushCell, outcomes: readonly Outcome[], words: ReadonlySet<string>): void {
  let last: Failed | undefined;
  let alike = 0;
  for (const outcome of outcomes) {
    if (outcome.kind === 'accepted') {
      cell.accepted++;
      continue;
    }
    if (last && (last === outcome || (last.reason === outcome.reason && last.category === outcome.category))) alike++;
    else {
      if (last) addFailures(cell.failed, last, alike, words);
      last = outcome;
      alike = 1;
    }
  }
  if (last) addFailures(cell.failed, last, alike, words);
}

/** W3C Trace Context: version, trace id, parent id, flags, of which the lowest bit says that the trace is kept. */
const SAMPLED = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f][13579bdf]/;

const traceOf = (traceparent: string | undefined): string | undefined =>
  traceparent === undefined ? undefined : SAMPLED.exec(traceparent)?.[1];

/**
 * Pushes, retries and latencies by app, provider and environment: numbers only, a batch at a time. The number of labels is
 * bounded: apps by `MOST_APPS` (an app that has no lane has none of its own, whatever a caller names), reasons by the tables.
 */
export class PushCounts {
  readonly events: Required<Pick<RelayEvents, 'settled' | 'retried' | 'late'>> = {
    settled: (settlement) => this.#settled(settlement),
    retried: (retry) => this.#retried(retry),
    late: (outcome) => this.#late(outcome),
  };
  readonly #apps = new Map<string, (PushCell | undefined)[]>();
  readonly #timedApps = new Set<string>();
  readonly #latencies = new Map<string, Latencies>();
  readonly #now: () => number;

  /** Reasons that are labels. */
  readonly #words: ReadonlySet<string>;
  /** Places of the cells of an app, in the order in which provider and environment were first seen. */
  readonly #slots = new Map<string, number>();

  /** @param now UNIX milliseconds */
  constructor(words: ReadonlySet<string>, now: () => number = Date.now) {
    this.#words = words;
    this.#now = now;
  }

  *cells(): Iterable<PushCell> {
    for (const cells of this.#apps.values()) for (const cell of cells) if (cell) yield cell;
  }

  latencies(): Iterable<Latencies> {
    return this.#latencies.values();
  }

  /** The label of an app that has lanes. */
  appLabel(app: string): string {
    return this.#apps.has(app) || this.#apps.size < MOST_APPS ? app : OTHER;
  }

  #settled({ app, provider, environment, outcomes, timing, traceparent }: Settlement): void {
    if (!provider) {
      addOutcomes(
        this.#cell(app === DEFAULT_APP || this.#apps.has(app) ? app : OTHER, 'none', environment),
        outcomes,
        this.#words,
      );
      return;
    }
    const cell = this.#cell(app, provider, environment);
    addOutcomes(cell, outcomes, this.#words);
    const trace = traceOf(traceparent);
    this.#observe(cell.latencies.whole, timing.ageMs, outcomes.length, trace);
    this.#observeAttempt(cell.latencies, timing, outcomes.length, trace);
  }

  #retried({ app, provider, environment, failed, targets, timing, traceparent }: Retry): void {
    const cell = this.#cell(app, provider, environment);
    addFailures(cell.retried, failed, targets.length, this.#words);
    this.#observeAttempt(cell.latencies, timing, targets.length, traceOf(traceparent));
  }

  #late({ verdict, settlement: { app, provider = 'none', environment, outcomes } }: LateOutcome): void {
    const { late } = this.#cell(app, provider, environment);
    if (verdict === 'failed') addFailures(late.failed, outcomes[0] as Failed, 1, this.#words);
    else late[verdict]++;
  }

  #observeAttempt(of: Latencies, { providerMs, queuedMs }: Timing, times: number, trace: string | undefined): void {
    if (providerMs !== undefined) this.#observe(of.provided, providerMs, times, trace);
    if (queuedMs !== undefined) this.#observe(of.queued, queuedMs, times, trace);
  }

  #observe(histogram: Histogram, ms: number, times: number, traceId: string | undefined): void {
    const value = toSeconds(ms);
    const bucket = histogram.observe(value, times);
    if (traceId !== undefined) histogram.remember(bucket, { traceId, value, at: toSeconds(this.#now()) });
  }

  #cell(name: string, provider: Provider | 'none', environment: Environment): PushCell {
    const app = this.appLabel(name);
    let cells = this.#apps.get(app);
    if (!cells) {
      cells = [];
      this.#apps.set(app, cells);
    }
    const slot = this.#slot(provider, environment);
    cells[slot] ??= this.#newCell(app, provider, environment);
    return cells[slot];
  }

  #slot(provider: Provider | 'none', environment: Environment): number {
    const name = `${provider}/${environment}`;
    const slot = this.#slots.get(name) ?? this.#slots.size;
    this.#slots.set(name, slot);
    return slot;
  }

  #newCell(app: string, provider: Provider | 'none', environment: Environment): PushCell {
    const labels = { app, provider, environment };
    return {
      provider,
      labels,
      accepted: 0,
      failed: new Map(),
      retried: new Map(),
      late: { delivered: 0, unknown: 0, failed: new Map() },
      latencies: provider === 'none' ? newLatencies(labels) : this.#latenciesOf(app, provider, environment),
    };
  }

  #latenciesOf(app: string, provider: Provider, environment: Environment): Latencies {
    if (this.#timedApps.size < MOST_TIMED_APPS) this.#timedApps.add(app);
    const labels = { app: this.#timedApps.has(app) ? app : OTHER, provider, environment };
    const key = Object.values(labels).join('\0');
    const latencies = this.#latencies.get(key) ?? newLatencies(labels);
    this.#latencies.set(key, latencies);
    return latencies;
  }
}
