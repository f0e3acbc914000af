import { randomUUID } from 'node:crypto';
import { background } from '../../kit/background.ts';
import type { RedisClient } from '../../kit/net/redis-client.ts';
import type { StreamRouter, WakeUp } from '../router/stream-router.ts';
import type { StreamsRedis } from './redis-server.ts';

export interface RedisRouterOptions {
  /** Shared with the store, say; it stays open when the router is closed. */
  readonly redis: StreamsRedis;
}

/** Of a message; an event that does not fit goes without itself: who is woken reads it. */
const MOST_CHARACTERS = 64 * 1024;
/** Messages under way. With more the server does not keep up, and only names are sent, until it does. */
const MOST_UNDER_WAY = 64;
/** Wake-ups that wait for their turn; more are lost, which the question to the store every few seconds mends. */
const MOST_WAITING = 100_000;

interface Message {
  readonly from: string;
  readonly wakeUps: readonly WakeUp[];
}

/** Wake-ups by publish and subscribe, on one channel for all instances. */
export class RedisRouter implements StreamRouter {
  readonly #redis: StreamsRedis;
  readonly #subscriber: RedisClient;
  readonly #own = randomUUID();
  readonly #channel: string;
  #hear: ((wakeUps: readonly WakeUp[]) => void) | undefined;
  #waiting: WakeUp[] = [];
  #underWay = 0;
  #isClosed = false;

  private constructor({ redis }: RedisRouterOptions) {
    this.#redis = redis;
    this.#channel = `${redis.prefix}wake`;
    this.#subscriber = redis.another('martlet-streams-router');
    this.#subscriber.on('error', () => {});
    this.#subscriber.on('message', (_channel: string, text: string) => this.#heard(text));
  }

  /** @throws why the server cannot be reached; later losses are mended by the client itself, which subscribes again */
  static async open(options: RedisRouterOptions): Promise<RedisRouter> {
    const router = new RedisRouter(options);
    try {
      await router.#subscriber.connect();
      await router.#subscriber.subscribe(router.#channel);
    } catch (error) {
      router.#subscriber.disconnect();
      throw error;
    }
    return router;
  }

  send(wakeUps: readonly WakeUp[]): void {
    if (this.#isClosed || this.#waiting.length > MOST_WAITING) return;
    const isFirst = this.#waiting.length === 0;
    this.#waiting.push(...wakeUps);
    if (isFirst) setImmediate(() => this.#flush());
  }

  listen(hear: (wakeUps: readonly WakeUp[]) => void): void {
    this.#hear = hear;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting = [];
    this.#subscriber.disconnect();
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (this.#isClosed) return;
    let some: WakeUp[] = [];
    let characters = 0;
    for (const wakeUp of waiting) {
      const sized = this.#sized(wakeUp);
      some.push(sized);
      characters += sized.user.length + (sized.event?.payload.length ?? 0);
      if (characters < MOST_CHARACTERS) continue;
      this.#publish(some);
      some = [];
      characters = 0;
    }
    if (some.length > 0) this.#publish(some);
  }

  #sized({ event, ...rest }: WakeUp): WakeUp {
    const fits = event && event.payload.length < MOST_CHARACTERS && this.#underWay < MOST_UNDER_WAY;
    return fits ? { ...rest, event } : rest;
  }

  #publish(wakeUps: readonly WakeUp[]): void {
    const message: Message = { from: this.#own, wakeUps };
    this.#underWay++;
    const sent = this.#redis.client.publish(this.#channel, JSON.stringify(message));
    // Lost with the connection: found by the question to the store.
    background(
      sent.then(
        () => this.#sent(),
        () => this.#sent(),
      ),
    );
  }

  #sent(): void {
    this.#underWay--;
  }

  #heard(text: string): void {
    const message = readMessage(text);
    if (message && message.from !== this.#own && !this.#isClosed) this.#hear?.(message.wakeUps);
  }
}

/** What others on this Redis publish is not trusted to have the form. */
function readMessage(text: string): Message | undefined {
  try {
    const { from, wakeUps } = JSON.parse(text) as Partial<Message>;
    const isWhole = typeof from === 'string' && Array.isArray(wakeUps);
    return isWhole ? { from, wakeUps: wakeUps.filter((each) => typeof each?.user === 'string') } : undefined;
  } catch {
    return undefined;
  }
}
