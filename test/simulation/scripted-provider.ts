import type { Category, Delivery, Failed, Outcome, PushTransport, Settle } from '../../src/push/push.ts';
import { ACCEPTED } from '../../src/push/push.ts';
import type { Ledger } from './ledger.ts';
import type { SeededRandom } from './seeded-random.ts';

export const MODES = ['fine', 'slow', 'down', 'busy', 'mute', 'stale', 'mixed'] as const;
export type Mode = (typeof MODES)[number];

const REQUEST_TIMEOUT_MS = 15_000;

const failed = (category: Category, reason: string, more: Partial<Failed> = {}): Failed => ({
  kind: 'failed',
  category,
  reason,
  error: reason,
  ...more,
});

const NOT_SENT = failed('not_sent', 'ConnectFailed');
const UNANSWERED = failed('unanswered', 'Timeout');

/** A provider whose moods a history changes, and the connection to it that one process has. */
export class ScriptedProvider {
  mode: Mode = 'fine';
  capacity = 1000;
  readonly #lane: string;
  readonly #random: SeededRandom;
  readonly #ledger: Ledger;

  constructor(lane: string, random: SeededRandom, ledger: Ledger) {
    this.#lane = lane;
    this.#random = random;
    this.#ledger = ledger;
  }

  connect(): PushTransport {
    const open = new Set<() => void>();
    let closed = false;
    return {
      send: (delivery, settle) => {
        this.#ledger.sent(this.#lane, delivery);
        if (closed) {
          delivery.targets.forEach((_, index) => {
            settle(index, NOT_SENT);
          });
          return;
        }
        for (const index of delivery.targets.keys()) this.#sendOne(delivery, index, settle, open);
      },
      status: () => ({ status: 'pass', sessions: 1, inFlight: open.size, capacity: this.capacity }),
      close: async () => {
        closed = true;
        for (const cut of [...open]) cut();
      },
    };
  }

  #sendOne(delivery: Delivery, index: number, settle: Settle, open: Set<() => void>): void {
    const target = delivery.targets[index] as string;
    const { outcome, afterMs } = this.#decide(target, delivery.attempt);
    const finish = (result: Outcome): void => {
      if (!open.delete(cut)) return;
      this.#ledger.attempted(target, result);
      const pause = result.kind === 'failed' ? (result.retryAfterMs ?? 0) : 0;
      this.#ledger.askedToWait(target, pause);
      settle(index, result);
    };
    const cut = (): void => finish(this.#random.chance(0.5) ? NOT_SENT : UNANSWERED);
    open.add(cut);
    if (afterMs === 0) finish(outcome);
    else setTimeout(() => finish(outcome), afterMs);
  }

  #decide(target: string, attempt: number): { outcome: Outcome; afterMs: number } {
    const random = this.#random;
    const mode = this.mode === 'mixed' ? random.pick(MODES.slice(0, -1)) : this.mode;
    const afterMs = random.between(0, 50);
    if (mode === 'down') return { outcome: NOT_SENT, afterMs: random.between(0, 20) };
    if (mode === 'mute') return { outcome: UNANSWERED, afterMs: REQUEST_TIMEOUT_MS };
    if (mode === 'busy') return { outcome: this.#later(), afterMs };
    if (mode === 'stale' && attempt === 0)
      return { outcome: failed('stale_credential', 'ExpiredProviderToken'), afterMs };
    const verdict = target.startsWith('dead') ? failed('invalid_token', 'Unregistered', { status: 410 }) : ACCEPTED;
    return { outcome: verdict, afterMs: mode === 'slow' ? random.between(100, 3000) : afterMs };
  }

  #later(): Failed {
    const random = this.#random;
    const status = random.pick([429, 500, 503]);
    const pause = random.chance(0.3) ? { retryAfterMs: random.between(0, 5) * 1000 } : {};
    return failed('unavailable', `HTTP ${status}`, { status, ...pause });
  }
}
