import { readdirSync, readFileSync } from 'node:fs';
import http2 from 'node:http2';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningRelay, startRelay } from '../e2e/running-relay.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/needs.ts';
import { authority } from '../tls/tls-kit.ts';
import { type Door, payVisits } from './any-bytes.ts';

const SEED = 20_260_101;
const RUNS = 160;
const MB = 2 ** 20;

const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;
const residentOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

describe('a stranger who reaches a port', needs('linux'), () => {
  let relay: RunningRelay;
  let secure: RunningRelay;
  let doors: Door[];

  const portOf = ({ url }: RunningRelay): number => Number(new URL(url).port);

  beforeAll(async () => {
    const [grpc, admin] = [await freePort(), await freePort()];
    const { cert, key } = authority.leaf(['localhost', '127.0.0.1']);
    const pair = { cert_base64: Buffer.from(cert).toString('base64'), key_base64: Buffer.from(key).toString('base64') };
    relay = await startRelay({
      grpc: { enabled: true, port: String(grpc) },
      core: { admin_address: `127.0.0.1:${admin}` },
    });
    secure = await startRelay({ core: { ssl: true, ...pair } }, {}, relay.sandbox);
    const tls = portOf(secure);
    doors = [
      { name: 'HTTP', port: portOf(relay) },
      { name: 'administration', port: admin },
      { name: 'gRPC', port: grpc },
      { name: 'TLS', port: tls },
      { name: 'HTTP/1.1 in TLS', port: tls, alpn: 'http/1.1' },
      { name: 'HTTP/2 in TLS', port: tls, alpn: 'h2' },
    ];
  });
  afterAll(async () => {
    await secure[Symbol.asyncDispose]();
    await relay[Symbol.asyncDispose]();
  });

  it('neither ends nor stalls the process with any bytes, and leaves nothing behind', async () => {
    const pids = [relay, secure].map(({ child }) => child.pid as number);
    const before = pids.map(descriptorsOf);
    const check = async (): Promise<void> => {
      for (const each of [relay, secure]) expect((await each.get('/readyz')).status).toBeDefined();
    };
    await payVisits({ doors, runs: RUNS, seed: SEED, check });
    // Those of the health checks may be open still.
    for (const [index, pid] of pids.entries())
      await expect.poll(() => descriptorsOf(pid)).toBeLessThanOrEqual((before[index] as number) + 8);
    expect([relay, secure].map(({ child }) => child.pid)).toEqual(pids);
    for (const each of [relay, secure]) expect(each.output()).not.toMatch(/nothing handles|a request failed|ERROR/);
  });

  it.each(['/openapi.json', '/metrics', '/healthz'])(
    'who asks for %s again and again and never reads an answer, takes no memory',
    async (path) => {
      const pid = relay.child.pid as number;
      const before = residentOf(pid);
      const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(1000));
      const sockets = Array.from({ length: 20 }, () => connect(portOf(relay), '127.0.0.1').pause());
      for (const socket of sockets) {
        socket.on('error', () => {});
        for (let i = 0; i < 50; i++) socket.write(request);
      }
      let most = 0;
      for (let look = 0; look < 60; look++) {
        expect(await relay.get('/readyz')).toBeDefined();
        most = Math.max(most, residentOf(pid) - before);
      }
      for (const socket of sockets) socket.destroy();
      expect(most).toBeLessThan(300 * MB);
      expect(relay.output()).not.toMatch(/nothing handles|ERROR/);
    },
  );

  it.each(['/openapi.json', '/metrics'])('nor does who opens no window for %s over HTTP/2', async (path) => {
    const pid = secure.child.pid as number;
    const before = residentOf(pid);
    const sessions = Array.from({ length: 10 }, () =>
      http2.connect(secure.url, { rejectUnauthorized: false, settings: { initialWindowSize: 0 } }),
    );
    for (const session of sessions) {
      session.on('error', () => {});
      for (let i = 0; i < 250; i++) session.request({ ':path': path }).on('error', () => {});
    }
    let most = 0;
    for (let look = 0; look < 60; look++) {
      expect((await secure.get('/readyz')).status).toBeDefined();
      most = Math.max(most, residentOf(pid) - before);
    }
    for (const session of sessions) session.destroy();
    expect(most).toBeLessThan(300 * MB);
    expect(secure.output()).not.toMatch(/nothing handles|ERROR/);
  });
});
