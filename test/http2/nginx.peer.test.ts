import { describe, expect, test } from 'vitest';
import { needs } from '../support/needs.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { startDebianPeer } from './debian-peer.ts';
import { testPool } from './test-pool.ts';

const nginx = (options = '', main = 'master_process off;') =>
  startDebianPeer('nginx', async ({ folder, port, cert, key, write }) => {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/t;`,
    );
    const config = await write(
      'nginx.conf',
      `daemon off; ${main} pid ${folder}/pid; error_log ${folder}/error.log;
       events { worker_connections 100; }
       http {
         access_log off; ${temporary.join(' ')}
         server {
           listen 127.0.0.1:${port} ssl http2;
           ssl_certificate ${cert}; ssl_certificate_key ${key};
           ${options}
           location / { return 200 "$request_uri"; }
         }
       }`,
    );
    return ['-p', folder, '-c', config];
  });

describe('nginx', needs('nginx'), () => {
  test('with keepalive_requests 100 sends a GOAWAY every hundred requests, and none of them is lost', async () => {
    const peer = await nginx('keepalive_requests 100;');
    const pool = testPool(peer.origin, { connections: 2 });
    const results = await send(pool, { count: 5000 });
    expect(results.filter(({ fault }) => fault)).toEqual([]);
    expect(results.every(({ body }, i) => body === `/${i}`)).toBe(true);
    expect(pool.stats().goaways).toBeGreaterThanOrEqual(40);
    expect(pool.stats().connectFailures).toBe(0);
  });

  test('with eight streams', async () => {
    const peer = await nginx('http2_max_concurrent_streams 8;');
    const results = await send(testPool(peer.origin, { connections: 1 }), { count: 2000 });
    expect(results.every(({ body }, i) => body === `/${i}`)).toBe(true);
  });

  test('that closes idle connections loses nothing between them', async () => {
    const peer = await nginx('keepalive_timeout 1s;');
    const pool = testPool(peer.origin);
    await send(pool, { count: 10 });
    await until(() => pool.stats().sessions === 0);
    const results = await send(pool, { count: 10 });
    expect(results.every(({ status }) => status === 200)).toBe(true);
    expect(pool.stats().connects).toBe(2);
  });

  test('refuses a body that is too large, early, and the session goes on', async () => {
    const peer = await nginx('client_max_body_size 1k;');
    const pool = testPool(peer.origin, { connections: 1 });
    const headers = [{ name: 'content-length', value: '50000', indexing: 'plain' as const }];
    const large = await send(pool, { count: 3, headers, fixedBody: Buffer.alloc(50_000) });
    expect(large.map(({ status }) => status)).toEqual([413, 413, 413]);
    expect((await send(pool))[0]?.status).toBe(200);
  });

  test('reloaded under load loses nothing', async () => {
    const peer = await nginx('', 'worker_processes 1;');
    const pool = testPool(peer.origin, { connections: 2 });
    for (let round = 0; round < 5; round++) {
      const sent = send(pool, { count: 2000 });
      peer.program.signal('SIGHUP');
      const results = await sent;
      expect(results.filter(({ fault }) => fault)).toEqual([]);
    }
  });
});
