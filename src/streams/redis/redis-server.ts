/**
 * One connection to the Redis of streams, for store and presence together, and which server process it leads to.
 *
 * A Redis that was restarted or that took over from another may have lost its last writes (it answers before they are on a disk or
 * at a replica). So every stream remembers the process in which it was written last; under another one it begins a later epoch,
 * and no id is ever given out twice for two events.
 */
import { createRedisClient, type RedisClient, type RedisSettings } from '../../kit/net/redis-client.ts';
import { connectRedis, redisTrouble } from '../../kit/net/redis-trouble.ts';

export interface StreamsRedisOptions {
  readonly settings: RedisSettings;
  /** Certificate authorities, PEM. */
  readonly ca?: readonly string[];
  /** Of every key and channel; default `martlet:streams:`. */
  readonly prefix?: string;
}

const COMMAND_TIMEOUT_MS = 5000;
const PREFIX = 'martlet:streams:';

export class StreamsRedis {
  readonly client: RedisClient;
  readonly prefix: string;
  /** Keys of several people may stand in one command. */
  readonly isOneNode: boolean;
  readonly #settings: RedisSettings;
  readonly #ca: readonly string[];
  readonly #trouble: () => string | undefined;
  #process: Promise<string> | undefined;

  private constructor({ settings, ca = [], prefix = PREFIX }: StreamsRedisOptions) {
    this.#settings = settings;
    this.#ca = ca;
    this.prefix = prefix;
    this.isOneNode = !settings.cluster;
    // A server that was stopped keeps its connections open: only the time tells.
    const extra = { commandTimeout: COMMAND_TIMEOUT_MS, socketTimeout: 2 * COMMAND_TIMEOUT_MS };
    this.client = createRedisClient(settings, ca, { ...extra, connectionName: 'martlet-streams' });
    this.#trouble = redisTrouble(this.client, settings);
    this.client.on('close', () => {
      this.#process = undefined;
    });
  }

  /** @throws why it cannot be reached */
  static async connect(options: StreamsRedisOptions): Promise<StreamsRedis> {
    const redis = new StreamsRedis(options);
    await connectRedis(redis.client, options.settings);
    return redis;
  }

  /** Why there is no connection; undefined while there is one. */
  get trouble(): string | undefined {
    return this.#trouble();
  }

  /**
   * A connection of its own, which is not shared: one that subscribes can do nothing else. Not connected. It does not subscribe again
   * by itself: the client drops that promise, which rejects when the connection is lost again meanwhile.
   */
  another(name: string): RedisClient {
    return createRedisClient(this.#settings, this.#ca, { connectionName: name, autoResubscribe: false });
  }

  /** The server process behind the connection as it is now; empty where there are several, which scripts then ask themselves. */
  async process(): Promise<string> {
    if (!this.isOneNode) return '';
    this.#process ??= this.#askProcess();
    return this.#process;
  }

  close(): void {
    this.client.disconnect();
  }

  async #askProcess(): Promise<string> {
    const asked = this.client.info('server');
    try {
      return /run_id:(\w+)/.exec(await asked)?.[1] ?? '';
    } catch (error) {
      this.#process = undefined;
      throw error;
    }
  }
}
