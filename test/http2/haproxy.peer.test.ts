import { describe, expect, test } from 'vitest';
import { needs } from '../support/needs.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { startDebianPeer } from './debian-peer.ts';
import { testPool } from './test-pool.ts';

const haproxy = (options = '') =>
  startDebianPeer('haproxy', async ({ port, both, write }) => {
    const config = await write(
      'haproxy.cfg',
      `global
  tune.h2.max-concurrent-streams 20
  tune.h2.header-table-size 4096
defaults
  mode http
  timeout client 10s
  timeout http-keep-alive 1s
frontend https
  bind 127.0.0.1:${port} ssl crt ${both} alpn h2
  ${options}
  http-request return status 200 content-type text/plain lf-string "%[path]"
`,
    );
    return ['-db', '-f', config];
  });

describe('haproxy', needs('haproxy'), () => {
  test('answers every request', async () => {
    const peer = await haproxy();
    const results = await send(testPool(peer.origin, { connections: 2 }), { count: 5000 });
    expect(results.filter(({ fault }) => fault)).toEqual([]);
    expect(results.every(({ body }, i) => body === `/${i}`)).toBe(true);
  });

  test('that says where every answer comes from with a header of its own', async () => {
    const peer = await haproxy('http-after-response set-header x-unique "%[rand(1000000)]"');
    const results = await send(testPool(peer.origin, { connections: 1 }), { count: 2000 });
    for (const { headers } of results) expect(headers?.['x-unique']).toMatch(/^\d+$/);
  });

  test('that closes idle connections loses nothing between them', async () => {
    const peer = await haproxy();
    const pool = testPool(peer.origin);
    await send(pool, { count: 10 });
    await until(() => pool.stats().sessions === 0);
    expect((await send(pool))[0]?.status).toBe(200);
  });
});
