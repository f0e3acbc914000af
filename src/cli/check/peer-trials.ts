import { getCACertificates } from 'node:tls';
import { redisOfUrl as appsRedis } from '../../apps/store/redis-url.ts';
import { withoutUserInfo } from '../../config/without-user-info.ts';
import { background } from '../../kit/background.ts';
import { toError } from '../../kit/errors.ts';
import { addresses } from '../../kit/net/addresses.ts';
import { createRedisClient, type RedisSettings } from '../../kit/net/redis-client.ts';
import { connectRedis } from '../../kit/net/redis-trouble.ts';
import { redisOfUrl } from '../../kit/net/redis-url.ts';
import { redisSettingsOf } from '../../observe/stats/redis-stats.ts';
import { readAuthorities } from '../../outbound/outbound.ts';
import type { FullConfig } from '../../providers/registry.ts';
import { type Trial, within } from './trial.ts';

/** A peer that does not answer for so long is not reached. */
const ANSWER_MS = 5000;

/** Signs in and asks for an answer. */
async function askRedis(settings: RedisSettings, ca: readonly string[]): Promise<string> {
  const client = createRedisClient(settings, ca, { connectionName: 'martlet-check', commandTimeout: ANSWER_MS });
  // After the first, which is thrown below, an error without a listener would be one of the process.
  client.on('error', () => {});
  try {
    await within(ANSWER_MS, connectRedis(client, settings));
    return `Redis at ${settings.addr} answers`;
  } catch (error) {
    throw new Error(`Redis at ${settings.addr} cannot be used: ${toError(error).message}`);
  } finally {
    client.disconnect();
  }
}

async function askNats({ queue }: FullConfig, ca: readonly string[]): Promise<string> {
  const [{ connectNats }, { jetstreamManager }] = await Promise.all([
    import('../../queue/nats/nats-connection.ts'),
    import('@nats-io/jetstream'),
  ]);
  const connection = await within(ANSWER_MS, connectNats(queue.nats, ca, 'martlet-check')).catch((error: Error) => {
    throw new Error(`NATS at ${withoutUserInfo(queue.nats.addr)} cannot be used: ${error.message}`);
  });
  try {
    await (await jetstreamManager(connection, { timeout: ANSWER_MS })).getAccountInfo();
    return 'NATS answers, with JetStream';
  } catch (error) {
    throw new Error(`NATS answers, but not its JetStream, which keeps the pushes: ${(error as Error).message}`);
  } finally {
    background(connection.close());
  }
}

async function askNsq({ queue }: FullConfig): Promise<string> {
  const { NsqConnection } = await import('../../queue/nsq/nsq-connection.ts');
  const all = addresses(queue.nsq.addr, 4150);
  for (const address of all) {
    const connection = new NsqConnection({
      address,
      messageTimeoutMs: 60_000,
      onMessage: () => {},
      onClose: () => {},
    });
    try {
      await within(ANSWER_MS, connection.open());
    } catch (error) {
      throw new Error(`nsqd at ${address.host}:${address.port} cannot be used: ${(error as Error).message}`);
    } finally {
      await connection.close();
    }
  }
  return `${all.length} nsqd ${all.length === 1 ? 'answers' : 'answer'}`;
}

async function askPostgres(url: string): Promise<string> {
  const [{ Kysely, sql }, { postgresWay }] = await Promise.all([
    import('kysely'),
    import('../../hub/storage/postgres/postgres-dialect.ts'),
  ]);
  const db = new Kysely({ dialect: postgresWay({ url, connections: 1, queryMs: ANSWER_MS }).dialect });
  try {
    await sql`select 1`.execute(db);
    return 'PostgreSQL answers';
  } catch (error) {
    throw new Error(`PostgreSQL cannot be used: ${toError(error).message}`);
  } finally {
    await db.destroy();
  }
}

function queueTrials(config: FullConfig, ca: readonly string[]): Trial[] {
  const { queue } = config;
  if (queue.engine === 'redis') return [{ key: 'queue.redis.addr', look: () => askRedis(queue.redis, ca) }];
  if (queue.engine === 'nats') return [{ key: 'queue.nats.addr', look: () => askNats(config, ca) }];
  if (queue.engine === 'nsq') return [{ key: 'queue.nsq.addr', look: () => askNsq(config) }];
  return [];
}

function hubTrials({ hub }: FullConfig, ca: readonly string[], hasMasterKey: boolean): Trial[] {
  if (!hub.enabled) return [];
  const redis = hub.redis === '' ? undefined : redisOfUrl(hub.redis);
  const noKey = hub.postgres !== '' && hub.path === '' && !hasMasterKey;
  return [
    ...(hub.postgres === '' ? [] : [{ key: 'hub.postgres', look: () => askPostgres(hub.postgres) }]),
    ...(redis ? [{ key: 'hub.redis', look: () => askRedis(redis, ca) }] : []),
    ...(noKey ? [{ key: 'hub.postgres', look: () => fail('needs MARTLET_MASTER_KEY where hub.path is empty') }] : []),
  ];
}

function fail(text: string): never {
  throw new Error(text);
}

/** Redis, NATS, NSQ and PostgreSQL, each asked for an answer with the credentials that are configured. */
export function peerTrials(config: FullConfig, hasMasterKey: boolean): Trial[] {
  const { stat, apps, core } = config;
  const own = readAuthorities(core.ca_path);
  const ca = own.length > 0 ? [...getCACertificates('default'), ...own] : [];
  return [
    ...queueTrials(config, ca),
    ...(stat.engine === 'redis'
      ? [{ key: 'stat.redis.addr', look: () => askRedis(redisSettingsOf(stat.redis), ca) }]
      : []),
    ...(apps.redis === '' ? [] : [{ key: 'apps.redis', look: () => askRedis(appsRedis(apps.redis), ca) }]),
    ...hubTrials(config, ca, hasMasterKey),
  ];
}
