import { background } from '../../../kit/background.ts';
import type { Presence, PresenceRegistration } from '../../../streams/presence/presence.ts';

interface Poller {
  registration: PresenceRegistration | undefined;
  polls: number;
  /** When the person is no longer there, if no poll comes until then; monotonic milliseconds. */
  leaveAt: number;
}

export interface PollPresenceOptions {
  readonly presence: Presence;
  readonly instance: string;
  readonly tell: (level: 'warn' | 'error', message: string) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Between two polls a client is still there, for so long. */
const LINGER_MS = 30_000;
const SWEEP_MS = 1000;

/** People who ask from time to time are there while they ask, and a while after. */
export class PollPresence {
  readonly #options: PollPresenceOptions;
  readonly #pollers = new Map<string, Poller>();
  readonly #sweeping: NodeJS.Timeout;

  constructor(options: PollPresenceOptions) {
    this.#options = options;
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  /** A poll has begun. @returns what to call when it is over */
  async begin(key: string): Promise<() => void> {
    const known = this.#pollers.get(key);
    const poller = known ?? { registration: undefined, polls: 0, leaveAt: Number.POSITIVE_INFINITY };
    poller.polls++;
    if (!known) {
      this.#pollers.set(key, poller);
      await this.#register(key, poller);
    }
    return () => {
      poller.polls--;
      poller.leaveAt = this.#options.now() + LINGER_MS;
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeping);
    const all = [...this.#pollers.values()];
    this.#pollers.clear();
    await Promise.all(all.map(({ registration }) => registration?.leave()));
  }

  async #register(key: string, poller: Poller): Promise<void> {
    const { presence, instance, tell } = this.#options;
    try {
      poller.registration = await presence.register(key, { instance });
    } catch (error) {
      tell('warn', `presence cannot be noted: ${(error as Error).message}`);
    }
  }

  #sweep(): void {
    const now = this.#options.now();
    for (const [key, { registration, polls, leaveAt }] of this.#pollers) {
      if (polls > 0 || leaveAt > now) continue;
      this.#pollers.delete(key);
      background(registration?.leave());
    }
  }
}
