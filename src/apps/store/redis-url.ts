import { ConfigError } from '../../kit/errors.ts';
import type { RedisSettings } from '../../kit/net/redis-client.ts';

const WANTED = 'must be redis:// or rediss:// with a host, and perhaps user:password@, :port and /database';
const DEFAULT_PORT = '6379';

/** The Redis of a URL: `redis://[user:password@]host[:port][/database]`, `rediss://` for TLS. @throws ConfigError without the URL, which may hold a password */
export function redisOfUrl(text: string): RedisSettings {
  const url = URL.parse(text);
  const isRedis = url?.protocol === 'redis:' || url?.protocol === 'rediss:';
  if (!url || !isRedis || url.hostname === '' || !/^(\/\d*)?$/.test(url.pathname))
    throw new ConfigError('apps.redis', WANTED);
  return {
    addr: `${url.hostname}:${url.port || DEFAULT_PORT}`,
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    db: Number(url.pathname.slice(1)),
    with_tls: url.protocol === 'rediss:',
    cluster: false,
    sentinel: '',
    sentinel_username: '',
    sentinel_password: '',
  };
}
