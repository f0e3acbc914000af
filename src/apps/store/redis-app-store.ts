import { background } from '../../kit/background.ts';
import { createRedisClient, type RedisClient } from '../../kit/net/redis-client.ts';
import { redisErrorText, redisTrouble } from '../../kit/net/redis-trouble.ts';
import {
  type AppStore,
  type Expected,
  type Known,
  type Loaded,
  type StoredText,
  VersionConflictError,
} from './app-store.ts';
import { redisOfUrl } from './redis-url.ts';

const COMMAND_MS = 3000;

/** In braces, so that all keys are in one slot of a cluster. `texts` holds `<version> <text>`. */
const REVISION = '{martlet:apps}:revision';
const VERSIONS = '{martlet:apps}:versions';
const TEXTS = '{martlet:apps}:texts';
const CHANNEL = '{martlet:apps}:changed';
const KEYS = [REVISION, VERSIONS, TEXTS] as const;

/**
 * ARGV: name, expected version (`any`, `absent` or a number), text (of a put). Checks and changes in one step, so that of two
 * writers who have seen the same version one is refused. Answers {1, new version} or {0, version that is there or ''}.
 */
const change = (write: string): string => `
  local there = redis.call('HGET', KEYS[2], ARGV[1])
  local expected = ARGV[2]
  if (expected == 'absent' and there) or (expected ~= 'absent' and expected ~= 'any' and there ~= expected) then
    return {0, there or ''}
  end
  local version = redis.call('INCR', KEYS[1])
  ${write}
  redis.call('PUBLISH', '${CHANNEL}', version)
  return {1, version}`;

const PUT = change(`
  redis.call('HSET', KEYS[2], ARGV[1], version)
  redis.call('HSET', KEYS[3], ARGV[1], version .. ' ' .. ARGV[3])`);

const DELETE = change(`
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('HDEL', KEYS[3], ARGV[1])`);

function storedText(name: string, raw: string): StoredText {
  const space = raw.indexOf(' ');
  return { name, version: Number(raw.slice(0, space)), text: raw.slice(space + 1) };
}

class RedisAppStore implements AppStore {
  readonly place: string;
  readonly #client: RedisClient;
  readonly #subscriber: RedisClient;
  readonly #trouble: () => string | undefined;
  readonly #ttlMs: number;
  #timer: NodeJS.Timeout | undefined;
  #changed: () => void = () => {};

  constructor(url: string, ttlMs: number, ca: readonly string[]) {
    const settings = redisOfUrl(url);
    this.place = `Redis ${settings.addr}`;
    this.#ttlMs = ttlMs;
    this.#client = createRedisClient(settings, ca, { commandTimeout: COMMAND_MS, connectionName: 'martlet-apps' });
    this.#subscriber = createRedisClient(settings, ca, {
      connectionName: 'martlet-apps-changes',
      autoResubscribe: false,
    });
    this.#trouble = redisTrouble(this.#client, settings);
    this.#subscriber.on('error', () => {});
    // Messages published while the connection was down are lost.
    this.#subscriber.on('ready', () => background(this.#listen()));
    this.#client.on('ready', () => this.#changed());
  }

  /** An unreachable Redis is connected to later, automatically; until then every command fails. */
  async connect(): Promise<void> {
    await Promise.allSettled([this.#client.connect(), this.#subscriber.connect()]);
  }

  load(known?: Known): Promise<Loaded> {
    return this.#explained(this.#load(known));
  }

  async #load(known?: Known): Promise<Loaded> {
    // Mostly nothing has changed, and the versions of thousands of apps are much to send for that.
    if (known && Number((await this.#client.get(REVISION)) ?? 0) === known.revision) return { ...known, changed: [] };
    const results = await this.#client.multi().get(REVISION).hgetall(VERSIONS).exec();
    const [revisionRaw, versionsRaw] = (results ?? []).map(([error, value]) => {
      if (error) throw error;
      return value;
    });
    const revision = Number(revisionRaw ?? 0);
    const entries = Object.entries(versionsRaw as Record<string, string>);
    const versions = new Map(entries.map(([name, version]) => [name, Number(version)]));
    const names = [...versions.keys()].filter((name) => known?.versions.get(name) !== versions.get(name));
    const texts = names.length > 0 ? await this.#client.hmget(TEXTS, ...names) : [];
    const changed = names.flatMap((name, at) => {
      const raw = texts[at];
      return raw ? [storedText(name, raw)] : [];
    });
    return { revision, versions, changed };
  }

  put(name: string, text: string, expected: Expected): Promise<number> {
    return this.#change(PUT, name, expected, text);
  }

  async delete(name: string, expected: Expected): Promise<void> {
    await this.#change(DELETE, name, expected);
  }

  watch(changed: () => void): void {
    this.#changed = changed;
    this.#subscriber.on('message', () => changed());
    this.#timer = setInterval(changed, this.#ttlMs).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#changed = () => {};
    this.#client.disconnect();
    this.#subscriber.disconnect();
  }

  /** An error without a connection says why there is none. */
  async #explained<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw new Error(this.#trouble() ?? redisErrorText(error), { cause: error });
    }
  }

  /** Without the right to subscribe changes are still found by looking, within `apps.ttl`. */
  async #listen(): Promise<void> {
    await this.#subscriber.subscribe(CHANNEL).catch(() => {});
    this.#changed();
  }

  async #change(script: string, name: string, expected: Expected, ...text: string[]): Promise<number> {
    const work = this.#client.eval(script, KEYS.length, ...KEYS, name, String(expected), ...text);
    const answer = await this.#explained(work);
    const [done, version] = answer as [number, number | string];
    if (done === 1) return Number(version);
    throw new VersionConflictError(name, version === '' ? undefined : Number(version));
  }
}

/**
 * Apps in a Redis, for several instances: a change is published at once, and also polled every `ttlMs`.
 * @param url `apps.redis`
 * @param ca certificates that are trusted in addition to the usual ones, PEM
 * @throws ConfigError for a malformed URL; a Redis that cannot be reached is no error here but at each command
 */
export async function openRedisAppStore(url: string, ttlMs: number, ca: readonly string[] = []): Promise<AppStore> {
  const store = new RedisAppStore(url, ttlMs, ca);
  await store.connect();
  return store;
}
