/** What counters come to, as callers see it. */
import type { HubReason } from '../notifications/decision.ts';
import { OTHER, partsOf, percentile, REACHED_BEFORE } from './counter.ts';

/** Numbers of decisions, by state as in `counts` of a notification; by reason where that tells more. */
export interface FiguresView {
  readonly pending: number;
  readonly deferred: number;
  readonly sent: number;
  readonly delivered: number;
  readonly seen: number;
  readonly read: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly suppressed: Readonly<Record<string, number>>;
  readonly cancelled: Readonly<Record<string, number>>;
  readonly expired: number;
  /** Of engagements: each once for each person and device. */
  readonly opened: number;
  readonly dismissed: number;
  readonly acted: number;
  /** Of what has reached a person's device, address or stream; null: nothing has. */
  readonly rates: Readonly<Record<'delivered' | 'seen' | 'read' | 'opened' | 'acted', number | null>>;
  /** From when it was due to the answer of the provider; null: none has answered. */
  readonly latency_ms: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  readonly cost: number;
  readonly saved: Readonly<Record<SavedWord | 'total', number>>;
}

/** What was spared: by why it was not sent, or not by itself. */
const savedWords = ['suppressed', 'dead', 'collapsed', 'realtime_first', 'digested'] as const;
type SavedWord = (typeof savedWords)[number];

/** Price of one message, by channel. */
export type Prices = Readonly<Record<string, number>>;

/** There was a way to the person, and the hub knew better. */
const FILTERED: ReadonlySet<string> = new Set<HubReason>([
  'user_disabled',
  'channel_disabled',
  'type_disabled',
  'severity_filtered',
  'status_filtered',
  'quiet_hours',
  'snoozed',
  'no_consent',
  'unsubscribed',
  'throttled',
  'duplicate',
  'budget',
]);
const DEAD: ReadonlySet<string> = new Set<HubReason>(['stale_device', 'key_mismatch', 'bounced']);
/** The person had it already, or it was over. */
const HAD: ReadonlySet<string> = new Set([REACHED_BEFORE, 'acked', 'read', 'resolved']);

/** Why what was not sent has cost nothing; undefined: it would have cost nothing anyway, or was taken back by hand. */
function savedAs(state: string, reason: string): SavedWord | undefined {
  if (state === 'suppressed') return FILTERED.has(reason) ? 'suppressed' : DEAD.has(reason) ? 'dead' : undefined;
  if (state !== 'cancelled') return undefined;
  return HAD.has(reason) ? 'realtime_first' : reason === 'superseded' ? 'collapsed' : undefined;
}

const BY_REASON = ['failed', 'suppressed', 'cancelled'] as const;
type ByReason = (typeof BY_REASON)[number];

/** Below it, money is noise of sums. */
const CENTS = 1e6;
const money = (sum: number): number => Math.round(sum * CENTS) / CENTS;
const share = (part: number, whole: number): number | null =>
  whole > 0 ? Math.round((part / whole) * 1e4) / 1e4 : null;

/** Figures of one row of an answer, while they are added up. */
export class Figures {
  readonly #plain = new Map<string, number>();
  readonly #reasons = { failed: new Map<string, number>(), suppressed: new Map(), cancelled: new Map() } as Record<
    ByReason,
    Map<string, number>
  >;
  readonly #times = new Map<number, number>();
  readonly #saved = new Map<SavedWord, number>();
  #cost = 0;

  /** @param price of one message of the channel that the counters are of */
  add(counters: Readonly<Record<string, number>>, price: number): void {
    for (const [counter, count] of Object.entries(counters)) {
      const parts = partsOf(counter);
      if (parts) this.#addPart(parts, count, price);
      else if (counter === 'accepted') this.#cost += count * price;
      else if (counter === 'digested') raise(this.#saved, 'digested', count * price);
      else raise(this.#plain, counter, count);
    }
  }

  view(): FiguresView {
    const of = (name: string): number => this.#plain.get(name) ?? 0;
    const [sent, delivered, seen, read] = ['sent', 'delivered', 'seen', 'read'].map(of) as [
      number,
      number,
      number,
      number,
    ];
    const reached = sent + delivered + seen + read;
    const saved = Object.fromEntries(savedWords.map((word) => [word, money(this.#saved.get(word) ?? 0)]));
    return {
      ...{ pending: of('pending'), deferred: of('deferred'), sent, delivered, seen, read },
      ...(this.#byReason() as Pick<FiguresView, ByReason>),
      ...{ expired: of('expired'), opened: of('opened'), dismissed: of('dismissed'), acted: of('acted') },
      rates: {
        delivered: share(delivered + seen + read, reached),
        seen: share(seen + read, reached),
        read: share(read, reached),
        opened: share(of('opened'), reached),
        acted: share(of('acted'), reached),
      },
      latency_ms: this.#latency(),
      cost: money(this.#cost),
      saved: {
        ...saved,
        total: money([...this.#saved.values()].reduce((sum, each) => sum + each, 0)),
      } as FiguresView['saved'],
    };
  }

  #addPart([what, which]: readonly [string, string], count: number, price: number): void {
    if (what === 'ms') {
      raise(this.#times, Number(which), count);
      return;
    }
    const by = this.#reasons[what as ByReason];
    const word = savedAs(what, which);
    if (word) raise(this.#saved, word, count * price);
    raise(by, which === REACHED_BEFORE ? 'superseded' : which === '' ? OTHER : which, count);
  }

  #byReason() {
    return Object.fromEntries(
      BY_REASON.map((name) => [
        name,
        Object.fromEntries([...this.#reasons[name]].filter(([, count]) => count !== 0).sort(([, a], [, b]) => b - a)),
      ]),
    );
  }

  #latency(): FiguresView['latency_ms'] {
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((each) => percentile(this.#times, each));
    return p50 === undefined ? null : { p50, p95: p95 ?? p50, p99: p99 ?? p50 };
  }
}

function raise<Key>(counts: Map<Key, number>, key: Key, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
