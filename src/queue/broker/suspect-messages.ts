/**
 * Messages that instances died with (src/queue/file/deaths.ts): not looked at until their turn comes, a few at a time and in the end
 * alone, beside what is not suspected. Their numbers are those of entries.
 */
import { background } from '../../kit/background.ts';
import type { Suspect } from '../file/deaths.ts';
import { groupSize, Trials } from '../file/trials.ts';
import type { Broker, BrokerMessage } from './broker.ts';

export interface SuspectMessagesOptions {
  readonly broker: Pick<Broker, 'inHand' | 'atRest'>;
  /** Its turn has come. */
  readonly begin: (message: BrokerMessage, key: number) => void;
  /** Tells the broker what is finished. */
  readonly write: () => Promise<void>;
  /** They wait in their lanes, and the broker can only count what is held here: they are to go back meanwhile. */
  readonly putDown: (keys: readonly number[]) => void;
}

/** Until a message comes again that goes back because others are tried now, or because its lane takes nothing, milliseconds. */
export const BUSY_PAUSE_MS = 1000;
export const REST_PAUSE_MS = 30_000;

export class SuspectMessages {
  readonly trials: Trials;
  readonly #options: SuspectMessagesOptions;
  /** Those whose turn has not come. */
  readonly #waiting = new Map<number, BrokerMessage>();
  readonly #waitingIds = new Set<string>();
  readonly #ids = new Map<number, string>();
  /** The most deaths of those that are here. */
  #most = 0;

  constructor(options: SuspectMessagesOptions) {
    this.#options = options;
    const { broker, write } = options;
    this.trials = new Trials({
      deaths: {
        inHand: (keys) => broker.inHand?.(this.#idsOf(keys)).catch(() => {}),
        atRest: (keys) => {
          if (broker.atRest) background(broker.atRest(this.#idsOf(keys)), () => {});
          else options.putDown(keys);
        },
      },
      begin: (suspect) => this.#begin(suspect),
      write: () => write().catch(() => {}),
    });
  }

  /** Messages whose turn has not come. */
  get size(): number {
    return this.#waiting.size;
  }

  has(id: string): boolean {
    return this.#waitingIds.has(id);
  }

  waiting(): BrokerMessage[] {
    return [...this.#waiting.values()];
  }

  /** Where no marks are kept, an instance that dies had all in hand that it had: it takes no more than one group. */
  hasRoomFor({ deaths = 0 }: BrokerMessage): boolean {
    if (this.#options.broker.inHand || this.#ids.size === 0) return true;
    return this.#ids.size < groupSize(Math.max(deaths, this.#most));
  }

  add(message: BrokerMessage, key: number): void {
    this.#most = this.#ids.size === 0 ? (message.deaths ?? 0) : Math.max(this.#most, message.deaths ?? 0);
    this.#waiting.set(key, message);
    this.#waitingIds.add(message.id);
    this.#ids.set(key, message.id);
    this.trials.add([{ key, deaths: message.deaths ?? 0, pushes: 1 }]);
  }

  /** Another instance has one whose turn has not come. */
  letGo(id: string): void {
    for (const [key, message] of this.#waiting) {
      if (message.id !== id) continue;
      this.#waiting.delete(key);
      this.#waitingIds.delete(id);
      this.gone(key);
    }
  }

  /** It is settled, set aside or handed back. */
  gone(key: number): void {
    if (this.#ids.delete(key)) this.trials.gone(key);
  }

  #begin({ key }: Suspect): boolean {
    const message = this.#waiting.get(key);
    this.#waiting.delete(key);
    if (message) this.#waitingIds.delete(message.id);
    if (message) this.#options.begin(message, key);
    return true;
  }

  #idsOf(keys: readonly number[]): string[] {
    return keys.flatMap((key) => this.#ids.get(key) ?? []);
  }
}
