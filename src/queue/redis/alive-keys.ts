import { toError } from '../../kit/errors.ts';
import type { RedisClient } from '../../kit/net/redis-client.ts';
import type { StreamNames } from './redis-stream.ts';

/** What an instance has said last is kept for a day: then it counts as one that says nothing. */
const KEPT_MS = 86_400_000;

/** What each instance keeps at the server to show that it lives: a number under its name, another one each time. */
export class AliveKeys {
  readonly #redis: RedisClient;
  readonly #names: StreamNames;
  readonly #tell: (level: 'warn', message: string) => void;
  #last = 0;
  /** The last number that the server has confirmed. */
  #confirmed = 0;
  #isForgotten = false;
  #isRefused = false;

  constructor(redis: RedisClient, names: StreamNames, tell: (level: 'warn', message: string) => void) {
    this.#redis = redis;
    this.#names = names;
    this.#tell = tell;
  }

  /** This user may not write it. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** The server did not know any more what it had confirmed: so it may have forgotten other things, too. Until `remember`. */
  get isForgotten(): boolean {
    return this.#isForgotten;
  }

  remember(): void {
    this.#isForgotten = false;
  }

  /** This instance lives. */
  async give(): Promise<void> {
    if (this.#isRefused) return;
    const word = ++this.#last;
    try {
      const before = await this.#redis.set(this.#key(this.#names.consumer), word, 'PX', KEPT_MS, 'GET');
      if (this.#confirmed > 0 && !(Number(before) >= this.#confirmed)) this.#isForgotten = true;
      this.#confirmed = word;
    } catch (error) {
      const { message } = toError(error);
      if (!/^NOPERM/.test(message)) throw error;
      this.#isRefused = true;
      this.#tell(
        'warn',
        `cannot show that this instance lives, what it leaves behind waits for claim_after: ${message}`,
      );
    }
  }

  /** It ends in order. */
  async take(): Promise<void> {
    await this.#redis.unlink(this.#key(this.#names.consumer));
  }

  /** What others have said last; those that say nothing are left out. */
  async of(consumers: readonly string[]): Promise<Map<string, string>> {
    const words = await Promise.all(consumers.map((consumer) => this.#redis.get(this.#key(consumer))));
    return new Map(consumers.flatMap((consumer, at) => (words[at] == null ? [] : [[consumer, words[at]] as const])));
  }

  #key(consumer: string): string {
    return `${this.#names.stream}.alive:${consumer}`;
  }
}
