import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { needs } from '../support/needs.ts';
import { until } from '../support/until.ts';
import { send } from './burst-of.ts';
import { startDebianPeer } from './debian-peer.ts';
import { startNodePeer } from './node-peer.ts';
import { testPool } from './test-pool.ts';

const GO_PEER = fileURLToPath(new URL('go-peer/main.go', import.meta.url));
const MB = 2 ** 20;

/** Answers when it has the whole body, with its size. */
async function startBackend(): Promise<number> {
  const server = createServer((req, res) => {
    let size = 0;
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
    });
    req.on('end', () => res.end(String(size)));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const answerSize: Parameters<typeof startNodePeer>[0] = (stream) => {
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
  });
  stream.on('end', () => {
    stream.respond({ ':status': 200 });
    stream.end(String(size));
  });
};

const peers = {
  'node:http2': () => startNodePeer(answerSize),
  nghttpd: () =>
    startDebianPeer('nghttpd', async ({ folder, port, cert, key }) => {
      return ['-a', '127.0.0.1', '-d', folder, String(port), key, cert];
    }),
  haproxy: async () => {
    const backend = await startBackend();
    return startDebianPeer('haproxy', async ({ port, both, write }) => {
      const config = `global
defaults
  mode http
  timeout connect 60s
  timeout client 60s
  timeout server 60s
frontend https
  bind 127.0.0.1:${port} ssl crt ${both} alpn h2
  default_backend plain
backend plain
  server one 127.0.0.1:${backend}
`;
      return ['-db', '-f', await write('haproxy.cfg', config)];
    });
  },
  nginx: async () => {
    const backend = await startBackend();
    return startDebianPeer('nginx', async ({ folder, port, cert, key, write }) => {
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (name) => `${name}_temp_path ${folder}/t;`,
      );
      const config = `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
        events { worker_connections 1000; }
        http {
          access_log off; client_max_body_size 2m; keepalive_requests 1000000; ${temporary.join(' ')}
          server {
            listen 127.0.0.1:${port} ssl http2;
            ssl_certificate ${cert}; ssl_certificate_key ${key};
            location / { proxy_pass http://127.0.0.1:${backend}; }
          }
        }`;
      return ['-p', folder, '-c', await write('nginx.conf', config)];
    });
  },
  "Go's net/http": async () => {
    let binary = '';
    return startDebianPeer('env', async ({ folder, port, cert, key }) => {
      binary ||= join(folder, 'peer');
      const env = { ...process.env, GO111MODULE: 'off', GOFLAGS: '' };
      execFileSync('go', ['build', '-o', binary, GO_PEER], { env });
      return [binary, `127.0.0.1:${port}`, cert, key];
    });
  },
} as const;

const requirementOf = (name: keyof typeof peers) =>
  name === 'node:http2' ? needs() : needs(name === "Go's net/http" ? 'go' : name);

describe.each(Object.keys(peers) as (keyof typeof peers)[])('%s is not taken for a hostile peer', (name) => {
  const requirement = requirementOf(name);

  test('by 300 requests of 1 MB on one connection', requirement, async () => {
    const peer = await peers[name]();
    const pool = testPool(peer.origin, { connections: 1, requestTimeoutMs: 170_000 });
    const results = await send(pool, { count: 300, fixedBody: Buffer.alloc(MB, 'x') });
    expect(results.flatMap(({ fault }) => fault ?? [])).toEqual([]);
    // nghttpd has no such file.
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set([name === 'nghttpd' ? 404 : 200]));
    expect(pool.stats()).toMatchObject({ connects: 1 });
  });

  test('by a large fan-out on one connection', requirement, async () => {
    const peer = await peers[name]();
    const pool = testPool(peer.origin, { connections: 1, requestTimeoutMs: 170_000 });
    const results = await send(pool, { count: 20_000, fixedBody: Buffer.alloc(200, 'x') });
    expect(results.flatMap(({ fault }) => fault ?? [])).toEqual([]);
    expect(pool.stats()).toMatchObject({ connects: 1 });
  });

  test('by pings of a connection that is idle', requirement, async () => {
    const peer = await peers[name]();
    const pool = testPool(peer.origin, { connections: 1 }, { pingIdleMs: 1, pingSilenceMs: 1, pingTimeoutMs: 60_000 });
    await send(pool, { count: 1 });
    await until(() => pool.stats().pings > 20);
    expect((await send(pool))[0]?.fault).toBeUndefined();
    expect(pool.stats()).toMatchObject({ connects: 1 });
  });
});
