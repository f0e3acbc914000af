import type { Delivery, Outcome, Settlement } from '../../src/push/push.ts';
import type { Batch } from '../../src/queue/queue.ts';
import type { RetryPolicy } from '../../src/relay/retry-decision.ts';

export interface LedgerRules {
  readonly policies: Readonly<Record<string, RetryPolicy>>;
  /** Pushes per second, by lane; absent or 0: no limit. */
  readonly rates: Readonly<Record<string, number>>;
  /** The lane that never fails, if there is one, and how long a push of it may take. */
  readonly steady: { readonly lane: string; readonly withinMs: number } | undefined;
  /** How long before a crash a result may be without having been written. */
  readonly progressMs: number;
  /** How long after the disk was full its file may lag behind. */
  readonly rewriteMs: number;
  readonly now: () => number;
}

/** One target of one notification. Every target of a history is different. */
interface Push {
  readonly target: string;
  readonly lane: string;
  readonly urgent: boolean;
  readonly maxRetry: number;
  /** Time of acceptance, and of its last use. */
  readonly at: number;
  readonly dieAt: number;
  state: 'asked' | 'accepted' | 'refused' | 'unknown';
  sent: number;
  /** Of the running process. */
  counted: number;
  unsentOnly: boolean;
  notBefore: number;
  finals: { readonly at: number; readonly life: number; readonly reason: string }[];
}

export interface Asked {
  readonly lane: string;
  readonly urgent: boolean;
  readonly targets: readonly string[];
  readonly maxRetry: number;
  readonly dieAt: number;
}

const COUNTED = new Set(['unavailable', 'unanswered', 'stale_credential']);
/** After so many urgent batches in a row an ordinary one that waits has its turn. */
const URGENT_RUN = 8;
const ROUNDING_MS = 0.001;

/** Writes down what happened to each push, and every promise that was broken. */
export class Ledger {
  readonly violations: string[] = [];
  life = 0;
  readonly #rules: LedgerRules;
  readonly #pushes = new Map<string, Push>();
  readonly #ends: { readonly at: number; readonly full: boolean; readonly freedAt: number }[] = [];
  readonly #sentAt = new Map<string, number[]>();
  readonly #urgentRun = new Map<string, number>();
  readonly #ordinary = new Map<string, Set<string>>();
  #disk = { full: false, freedAt: 0 };

  constructor(rules: LedgerRules) {
    this.#rules = rules;
  }

  asked({ targets, ...of }: Asked): void {
    const at = this.#rules.now();
    for (const target of targets) {
      this.#pushes.set(target, {
        ...of,
        target,
        at,
        state: 'asked',
        sent: 0,
        counted: 0,
        unsentOnly: true,
        notBefore: 0,
        finals: [],
      });
    }
  }

  answered(targets: Iterable<string>, state: 'accepted' | 'refused' | 'unknown'): void {
    for (const target of targets) {
      const push = this.#push(target);
      push.state = state;
      if (state === 'accepted' && !push.urgent && push.sent + push.finals.length === 0)
        this.#ordinaryOf(push.lane).add(target);
    }
  }

  diskFull(full: boolean): void {
    this.#disk = { full, freedAt: this.#rules.now() };
  }

  /** The process ended without a word; what was settled just before may be settled again. */
  ended(): void {
    this.#ends.push({ at: this.#rules.now(), ...this.#disk });
    this.life++;
    this.#sentAt.clear();
    this.#urgentRun.clear();
    this.#ordinary.clear();
    for (const push of this.#pushes.values()) {
      push.counted = 0;
      push.notBefore = 0;
    }
  }

  sent(lane: string, delivery: Delivery): void {
    const now = this.#rules.now();
    this.#checkRate(lane, delivery.targets.length, now);
    for (const target of delivery.targets) {
      const push = this.#push(target);
      const last = push.finals.at(-1);
      push.sent++;
      if (push.lane !== lane) this.#broken(`${target} of ${push.lane} was sent on ${lane}`);
      if (push.state === 'refused') this.#broken(`${target} was refused, and sent`);
      if (last && !this.#mayRepeat(last)) this.#broken(`${target} was sent after its result "${last.reason}"`);
      if (now < push.notBefore - ROUNDING_MS)
        this.#broken(`${target} was retried ${push.notBefore - now} ms too early`);
      if (now >= push.dieAt) this.#broken(`${target} was sent ${now - push.dieAt} ms after it expired`);
    }
  }

  /** An attempt ended, as the provider sees it. */
  attempted(target: string, outcome: Outcome): void {
    const push = this.#push(target);
    if (outcome.kind === 'failed' && outcome.category === 'not_sent') return;
    push.unsentOnly = false;
    if (outcome.kind === 'failed' && COUNTED.has(outcome.category)) push.counted++;
    const { free } = this.#policy(push);
    const most = Math.max(push.maxRetry, free.least) + (free.renewal ? 1 : 0) + 1;
    if (push.counted > most) this.#broken(`${target} failed ${push.counted} times, more than ${most}`);
  }

  deferred(batch: Batch, delayMs: number): void {
    const policy = this.#rules.policies[batch.entry.lane.key] as RetryPolicy;
    const ceiling = Math.min(policy.maxMs, policy.firstMs * 2 ** Math.min(30, batch.attempts.sent - 1));
    for (const target of batch.targets) {
      const push = this.#push(target);
      const retryAfter = this.#retryAfter.get(target) ?? 0;
      push.notBefore = this.#rules.now() + retryAfter;
      if (delayMs < retryAfter - ROUNDING_MS)
        this.#broken(`${target} waits ${delayMs} ms, not ${retryAfter} ms as Retry-After says`);
      if (delayMs > Math.max(ceiling, retryAfter) + ROUNDING_MS)
        this.#broken(`${target} waits ${delayMs} ms, longer than it must`);
    }
  }

  readonly #retryAfter = new Map<string, number>();

  /** The provider asked for a pause. */
  askedToWait(target: string, ms: number): void {
    this.#retryAfter.set(target, ms);
  }

  told({ targets, outcomes }: Settlement): void {
    const now = this.#rules.now();
    targets.forEach((target, index) => {
      const push = this.#push(target);
      const outcome = outcomes[index] as Outcome;
      const reason = outcome.kind === 'accepted' ? 'accepted' : outcome.reason;
      const last = push.finals.at(-1);
      if (push.state === 'refused') this.#broken(`${target} was refused, and has the result "${reason}"`);
      if (last && !this.#mayRepeat(last)) this.#broken(`${target} has two results: "${last.reason}", "${reason}"`);
      push.finals.push({ at: now, life: this.life, reason });
      if (outcome.kind === 'failed') this.#checkGivenUp(push, outcome.category, now);
      const { steady } = this.#rules;
      if (push.lane === steady?.lane && now - push.at > steady.withinMs && this.life === 0) {
        this.#broken(`${target} of the steady lane took ${now - push.at} ms`);
      }
    });
  }

  /** At the end of a history: every accepted push has its result. */
  close(): { accepted: number; results: number; repeated: number } {
    const sum = { accepted: 0, results: 0, repeated: 0 };
    for (const { state, target, finals } of this.#pushes.values()) {
      if (state !== 'accepted') continue;
      sum.accepted++;
      sum.results += Math.min(1, finals.length);
      sum.repeated += Math.max(0, finals.length - 1);
      if (finals.length === 0) this.#broken(`${target} was accepted and has no result`);
    }
    return sum;
  }

  /** True when every accepted push has a result. */
  get complete(): boolean {
    for (const { state, finals } of this.#pushes.values())
      if (state === 'accepted' && finals.length === 0) return false;
    return true;
  }

  #checkGivenUp(push: Push, category: string, now: number): void {
    const policy = this.#policy(push);
    const wait = Math.max(policy.maxMs, this.#retryAfter.get(push.target) ?? 0);
    const nearlyDead = now + wait >= push.dieAt;
    const triedEnough = category !== 'expired' && push.counted > push.maxRetry;
    if (category === 'expired' && !nearlyDead) this.#broken(`${push.target} expired ${push.dieAt - now} ms too early`);
    if (COUNTED.has(category) && !triedEnough && !nearlyDead) {
      this.#broken(`${push.target} was given up after ${push.counted} of ${push.maxRetry + 1} attempts`);
    }
  }

  /** A result may come again when the process ended before it could write it down. */
  #mayRepeat({ at, life }: { at: number; life: number }): boolean {
    if (life === this.life) return false;
    const end = this.#ends[life];
    const { progressMs, rewriteMs } = this.#rules;
    return end === undefined || end.full || end.at - at <= progressMs || end.at - end.freedAt <= rewriteMs;
  }

  #checkRate(lane: string, count: number, now: number): void {
    const rate = this.#rules.rates[lane];
    if (!rate) return;
    const sent = this.#sentAt.get(lane) ?? [];
    for (let i = 0; i < count; i++) sent.push(now);
    const since = sent.findIndex((at) => at > now - 1000 + ROUNDING_MS);
    const recent = sent.slice(since);
    this.#sentAt.set(lane, recent);
    if (recent.length > rate) this.#broken(`${lane} sent ${recent.length} in a second, more than ${rate}`);
  }

  /** The lane took a batch: ordinary pushes wait no longer than a run of urgent ones. */
  taken(lane: string, { targets }: Batch): void {
    const { urgent } = this.#push(targets[0] as string);
    const ordinary = this.#ordinaryOf(lane);
    if (!urgent) for (const target of targets) ordinary.delete(target);
    const run = urgent && ordinary.size > 0 ? (this.#urgentRun.get(lane) ?? 0) + 1 : 0;
    this.#urgentRun.set(lane, run);
    if (run > URGENT_RUN) this.#broken(`${lane} took ${run} urgent batches while ordinary ones waited`);
  }

  /** Ordinary pushes of a lane that were accepted by this process and not sent yet. */
  #ordinaryOf(lane: string): Set<string> {
    const ordinary = this.#ordinary.get(lane) ?? new Set();
    this.#ordinary.set(lane, ordinary);
    return ordinary;
  }

  #policy(push: Push): RetryPolicy {
    return this.#rules.policies[push.lane] as RetryPolicy;
  }

  #push(target: string): Push {
    const push = this.#pushes.get(target);
    if (!push) throw new Error(`nobody asked for ${target}`);
    return push;
  }

  #broken(what: string): void {
    this.violations.push(`at ${this.#rules.now()} ms: ${what}`);
  }
}
