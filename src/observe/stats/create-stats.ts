import type { Config } from '../../config/schema.ts';
import { ConfigError, toError } from '../../kit/errors.ts';
import { refuseForeignFile } from '../../kit/files/owned-file.ts';
import { isDamage, setAside } from '../../kit/files/sqlite-file.ts';
import { createMemoryStats } from './memory-stats.ts';
import { openSqliteCounters, STAT_FILE } from './sqlite-stats.ts';
import { statFile } from './stat-file.ts';
import type { StatStore } from './stats.ts';
import { type CounterTable, openWriteBehindStats } from './write-behind-stats.ts';

type StatConfig = Config['stat'];
type Engine = StatConfig['engine'];
/** Things that an operator should know; `error` ones need a person. */
type Tell = (level: 'info' | 'warn' | 'error', message: string) => void;

interface Place {
  /** The key that names it, for errors. */
  readonly key: string;
  readonly open: (tell: Tell) => CounterTable | Promise<CounterTable>;
}

/** An SQLite file where the engine of that name would have its own; a damaged one is moved aside, counters begin at 0. */
const file = (engine: Exclude<Engine, 'memory' | 'redis'>, key: string, path: string, bucket?: string): Place => ({
  key,
  open(tell) {
    const place = statFile(path, engine);
    const because = place.because ? `; ${place.because}` : '';
    tell('info', `stat.engine ${engine}: counters are kept in ${place.path} (SQLite)${because}`);
    refuseForeignFile(place.path, key, STAT_FILE);
    try {
      return openSqliteCounters(place.path, bucket);
    } catch (error) {
      if (!isDamage(error)) throw error;
      const aside = setAside(place.path, new Date());
      tell(
        'error',
        `the counters in ${place.path} cannot be read; the file was moved to ${aside}, and a new one begun`,
      );
      return openSqliteCounters(place.path, bucket);
    }
  },
});

/** Where each engine keeps its counters. The embedded engines of Gorush are all one: SQLite at the path that they name. */
const places: Record<Exclude<Engine, 'memory'>, (config: StatConfig) => Place> = {
  redis: ({ redis }) => ({
    key: 'stat.redis.addr',
    open: async () => (await import('./redis-stats.ts')).connectRedisCounters(redis),
  }),
  sqlite: ({ sqlite }) => file('sqlite', 'stat.sqlite.path', sqlite.path),
  boltdb: ({ boltdb }) => file('boltdb', 'stat.boltdb.path', boltdb.path, boltdb.bucket),
  buntdb: ({ buntdb }) => file('buntdb', 'stat.buntdb.path', buntdb.path),
  leveldb: ({ leveldb }) => file('leveldb', 'stat.leveldb.path', leveldb.path),
  badger: ({ badgerdb }) => file('badger', 'stat.badgerdb.path', badgerdb.path),
};

/**
 * The counters of `stat.engine`.
 * @throws ConfigError naming the setting, when the file cannot be written or the Redis cannot be reached.
 */
export async function createStats(config: StatConfig, tell: Tell): Promise<StatStore> {
  const { engine } = config;
  if (engine === 'memory') return createMemoryStats();
  const { key, open } = places[engine](config);
  try {
    return await openWriteBehindStats({ table: await open(tell), name: `stat.engine ${engine}`, tell });
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const address = engine === 'redis' ? ` (${config.redis.addr})` : '';
    throw new ConfigError(`${key}${address}`, `storage error: ${toError(error).message}`, { cause: error });
  }
}
