import { randomUUID } from 'node:crypto';
import { background } from '../../kit/background.ts';
import type { RedisClient } from '../../kit/net/redis-client.ts';
import type { StreamRouter, WakeUp } from '../router/stream-router.ts';
import { readWakeMessage } from '../router/wake-message.ts';
import { WakeOutbox } from '../router/wake-outbox.ts';
import type { StreamsRedis } from './redis-server.ts';

export interface RedisRouterOptions {
  /** Shared with the store, say; it stays open when the router is closed. */
  readonly redis: StreamsRedis;
}

/** Wake-ups by publish and subscribe, on one channel for all instances. */
export class RedisRouter implements StreamRouter {
  readonly #subscriber: RedisClient;
  readonly #own = randomUUID();
  readonly #channel: string;
  #hear: ((wakeUps: readonly WakeUp[]) => void) | undefined;
  readonly #outbox: WakeOutbox;
  #isClosed = false;

  private constructor({ redis }: RedisRouterOptions) {
    this.#channel = `${redis.prefix}wake`;
    this.#outbox = new WakeOutbox({
      from: this.#own,
      post: async (text) => {
        await redis.client.publish(this.#channel, text);
      },
    });
    this.#subscriber = redis.another('martlet-streams-router');
    this.#subscriber.on('error', () => {});
    this.#subscriber.on('message', (_channel: string, text: string) => this.#heard(text));
  }

  /** @throws why the server cannot be reached; later losses are mended when it is there again */
  static async open(options: RedisRouterOptions): Promise<RedisRouter> {
    const router = new RedisRouter(options);
    try {
      await router.#subscriber.connect();
      await router.#subscriber.subscribe(router.#channel);
      router.#subscriber.on('ready', () => router.#subscribeAgain());
    } catch (error) {
      router.#subscriber.disconnect();
      throw error;
    }
    return router;
  }

  send(wakeUps: readonly WakeUp[]): void {
    this.#outbox.add(wakeUps);
  }

  listen(hear: (wakeUps: readonly WakeUp[]) => void): void {
    this.#hear = hear;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#outbox.close();
    this.#subscriber.disconnect();
  }

  /** Without a connection, with the next one. */
  #subscribeAgain(): void {
    background(this.#subscriber.subscribe(this.#channel), () => {});
  }

  #heard(text: string): void {
    const message = readWakeMessage(text);
    if (message && message.from !== this.#own && !this.#isClosed) this.#hear?.(message.wakeUps);
  }
}
