import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { eventually } from '../../../support/eventually.ts';
import { needs } from '../../../support/needs.ts';
import { startProgram } from '../../../support/start-program.ts';
import { type SeedRelay, startSeedRelay } from '../seed-relay.ts';
import { openSse } from './sse-client.ts';

const BOSS = { authorization: 'Bearer boss' };

/** As Debian has it, and with all that gathers: buffering of answers is on, and so is compression. */
async function nginx(to: string): Promise<string> {
  const program = await startProgram('nginx', async (port, folder) => {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/t;`,
    );
    const config = `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
      events { worker_connections 100; }
      http {
        access_log off; ${temporary.join(' ')}
        gzip on; gzip_types *; gzip_proxied any; gzip_min_length 1;
        map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
        server {
          listen 127.0.0.1:${port};
          location / {
            proxy_pass ${to};
            proxy_buffering on; proxy_buffers 8 64k; proxy_read_timeout 5s;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
          }
        }
      }`;
    await writeFile(`${folder}/nginx.conf`, config);
    return ['-p', folder, '-c', `${folder}/nginx.conf`];
  });
  onTestFinished(() => program.end());
  return `http://${program.addr}`;
}

/** Which waits for whole requests, compresses, and cuts what is silent. */
async function haproxy(to: string): Promise<string> {
  const program = await startProgram('haproxy', async (port, folder) => {
    const config = `defaults
        mode http
        option http-buffer-request
        compression algo gzip
        compression type text/event-stream application/json
        timeout connect 2s
        timeout client 5s
        timeout server 5s
      frontend streams
        bind 127.0.0.1:${port}
        default_backend relay
      backend relay
        server one ${new URL(to).host}\n`;
    await writeFile(`${folder}/haproxy.cfg`, config);
    return ['-db', '-f', `${folder}/haproxy.cfg`];
  });
  onTestFinished(() => program.end());
  return `http://${program.addr}`;
}

const publish = (relay: SeedRelay, payload: unknown) =>
  relay.ask('POST /v1/users/ada/events', 'boss', { type: 'test', payload });

describe.each([
  ['nginx', nginx],
  ['haproxy', haproxy],
] as const)('through %s', (name, start) => {
  test(
    'server-sent events are live one by one, and a quiet stream is kept open by its signs of life',
    needs(name),
    async () => {
      const relay = await startSeedRelay({ hub: { streams: { heartbeat: 1 } } });
      const proxy = await start(relay.url);
      const client = await openSse(`${proxy}/v1/users/ada/stream`, { ...BOSS, 'accept-encoding': 'gzip' });
      expect(client.response.headers.get('content-type')).toBe('text/event-stream');
      // nginx compresses what it is configured to, whatever Cache-Control says: it is live all the same.
      expect(client.response.headers.get('content-encoding')).toBe(name === 'nginx' ? 'gzip' : null);
      for (let each = 1; each <= 5; each++) {
        await publish(relay, each);
        await client.has(each);
      }
      // More than a proxy waits for.
      await eventually(() => expect(client.text.match(/^:$/gm)?.length).toBeGreaterThanOrEqual(8));
      await publish(relay, 6);
      await client.has(6);
      expect(client.payloads).toEqual([1, 2, 3, 4, 5, 6]);
      client.close();
      await eventually(async () =>
        expect((await relay.ask('GET /v1/users/ada/presence', 'boss')).body).toMatchObject({ online: false }),
      );
    },
  );

  test('a WebSocket is live, and its pings keep it open', needs(name), async () => {
    const relay = await startSeedRelay({ hub: { streams: { heartbeat: 1 } } });
    const proxy = await start(relay.url);
    const ws = new WebSocket(`${proxy.replace('http', 'ws')}/v1/users/ada/stream/ws`, { headers: BOSS });
    onTestFinished(() => ws.terminate());
    const frames: string[] = [];
    let pings = 0;
    ws.on('message', (data) => frames.push(String(data)));
    ws.on('ping', () => {
      pings++;
    });
    await once(ws, 'open');
    await publish(relay, 'first');
    await eventually(() => expect(frames.at(-1)).toContain('first'));
    await eventually(() => expect(pings).toBeGreaterThanOrEqual(8));
    await publish(relay, 'last');
    await eventually(() => expect(frames.at(-1)).toContain('last'));
  });

  test('a poll is answered as soon as there is something', needs(name), async () => {
    const relay = await startSeedRelay();
    const proxy = await start(relay.url);
    const poll = fetch(`${proxy}/v1/users/ada/stream/events?wait=4`, { headers: BOSS });
    await eventually(async () =>
      expect((await relay.ask('GET /v1/users/ada/presence', 'boss')).body).toMatchObject({ online: true }),
    );
    await publish(relay, 1);
    expect(((await (await poll).json()) as { events: object[] }).events).toHaveLength(1);
  });
});
