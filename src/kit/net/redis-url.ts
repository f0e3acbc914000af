import type { RedisSettings } from './redis-client.ts';

/** @returns undefined for what is no address of a Redis */
export function redisOfUrl(text: string): RedisSettings | undefined {
  const url = URL.parse(text);
  if (!url || !/^rediss?:$/.test(url.protocol) || url.hostname === '') return undefined;
  const db = url.pathname.replace(/^\//, '');
  if (!/^\d{0,3}$/.test(db)) return undefined;
  return {
    addr: `${url.hostname}:${url.port || '6379'}`,
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    db: Number(db || 0),
    with_tls: url.protocol === 'rediss:',
    ...{ cluster: false, sentinel: '', sentinel_username: '', sentinel_password: '' },
  };
}
