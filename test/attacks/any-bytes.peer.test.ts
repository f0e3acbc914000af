import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needs } from '../support/needs.ts';
import { payVisits } from './any-bytes.ts';
import { type OpenPorts, openPorts } from './open-ports.ts';

const SEED = 20_260_101;
const RUNS = 160;
const MB = 2 ** 20;

const residentOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

describe('a stranger who reaches a port', needs('linux'), () => {
  let ports: OpenPorts;

  beforeAll(async () => {
    ports = await openPorts();
  });
  afterAll(() => ports[Symbol.asyncDispose]());

  it('neither ends nor stalls the process with any bytes, and leaves nothing behind', async () => {
    await payVisits({ ...ports, runs: RUNS, seed: SEED });
    await expect.poll(() => ports.isLeaking()).toBe(false);
    ports.verify();
  });

  it.each(['/openapi.json', '/metrics', '/healthz'])(
    'who asks for %s again and again and never reads an answer, takes no memory',
    async (path) => {
      const { relay } = ports;
      const pid = relay.child.pid as number;
      const before = residentOf(pid);
      const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(1000));
      const sockets = Array.from({ length: 20 }, () => connect(Number(new URL(relay.url).port), '127.0.0.1').pause());
      for (const socket of sockets) {
        socket.on('error', () => {});
        for (let i = 0; i < 50; i++) socket.write(request);
      }
      let most = 0;
      for (let look = 0; look < 15; look++) {
        expect(await relay.get('/readyz')).toBeDefined();
        most = Math.max(most, residentOf(pid) - before);
      }
      for (const socket of sockets) socket.destroy();
      expect(most).toBeLessThan(300 * MB);
      ports.verify();
    },
  );

  it.each(['/openapi.json', '/metrics'])('nor does who opens no window for %s over HTTP/2', async (path) => {
    const { secure } = ports;
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
    for (let look = 0; look < 15; look++) {
      expect((await secure.get('/readyz')).status).toBeDefined();
      most = Math.max(most, residentOf(pid) - before);
    }
    for (const session of sessions) session.destroy();
    expect(most).toBeLessThan(300 * MB);
    ports.verify();
  });
});
