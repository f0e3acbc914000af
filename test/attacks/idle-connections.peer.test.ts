import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RunningRelay, startRelay } from '../e2e/running-relay.ts';
import { gorushClient } from '../grpc/clients.ts';
import { freePort } from '../support/free-port.ts';
import { residentOf } from '../support/memory-of.ts';
import { needs } from '../support/needs.ts';
import { until } from '../support/until.ts';

const CONNECTIONS = 10_000;
/** Beyond those that there may be: each of them takes the place of another. */
const MORE = 500;
/** As a listener's backlog takes them. */
const AT_ONCE = 200;
const TOKEN = 'a1b2c3d4'.repeat(8);

const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from('000000040000000000', 'hex'),
]);

/** What each hostile connection says: as little as keeps it. */
const habits = {
  'say nothing': undefined,
  'send the beginning of a head': Buffer.from('POST /api/push HTTP/1.1\r\nhost: x\r\nx-'),
  'asked once and stay': Buffer.from('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'),
  'send a body that never ends': Buffer.from('POST /api/push HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n{'),
  'speak HTTP/2 and ask nothing': PREFACE,
} as const;

describe.for(['http', 'grpc'] as const)(
  'ten thousand connections to the %s port',
  needs('linux', '12,000 file descriptors'),
  (door) => {
    let relay: RunningRelay;
    let grpcPort: number;
    const open = new Set<Socket>();

    beforeAll(async () => {
      grpcPort = await freePort();
      relay = await startRelay({
        core: { max_connections: CONNECTIONS, header_timeout: 120, idle_timeout: 120 },
        grpc: { enabled: true, port: String(grpcPort) },
      });
    });
    afterEach(async () => {
      for (const socket of open) socket.destroy();
      await until(() => open.size === 0);
    });
    afterAll(() => relay[Symbol.asyncDispose]());

    const port = (): number => (door === 'http' ? Number(new URL(relay.url).port) : grpcPort);

    /** @returns when it is there */
    const hold = (greeting: Buffer | undefined): Promise<void> =>
      new Promise((resolve) => {
        const socket = connect(port(), '127.0.0.1', () => {
          if (greeting) socket.write(greeting);
          resolve();
        });
        open.add(socket);
        socket.on('error', () => resolve());
        socket.on('close', () => open.delete(socket));
        socket.resume();
      });

    /** On a connection of its own. */
    const healthy = async (): Promise<boolean> => {
      const { status } = await fetch(`${relay.url}/healthz`, { headers: { connection: 'close' } });
      return status === 200;
    };

    async function holdMany(count: number, greeting: Buffer | undefined): Promise<void> {
      for (let left = count; left > 0; left -= AT_ONCE)
        await Promise.all(Array.from({ length: Math.min(left, AT_ONCE) }, () => hold(greeting)));
    }

    it.for(
      Object.entries(habits).filter(([, greeting]) =>
        door === 'grpc' ? !greeting || greeting === PREFACE : greeting !== PREFACE,
      ),
    )('that %s keep no caller out and take little memory', async ([, greeting]) => {
      const pid = relay.child.pid as number;
      const before = residentOf(pid);
      await holdMany(CONNECTIONS, greeting);
      await holdMany(MORE, greeting);
      // What sends a body has ten seconds before it gives up its place; then each new connection finds one.
      await until(() => healthy().catch(() => false), 'a caller is let in');
      for (let i = 0; i < 20; i++) {
        expect(await healthy()).toBe(true);
      }
      const delivered = relay.sandbox.delivered();
      const { status } = await relay.push({ platform: 1, topic: 'com.example.app', tokens: [TOKEN], message: 'x' });
      expect(status).toBe(200);
      const send = gorushClient(grpcPort);
      await send('Send', { platform: 1, topic: 'com.example.app', tokens: [TOKEN], message: 'x' });
      await until(() => relay.sandbox.delivered() === delivered + 2, 'both are delivered');
      // MiB; 60 to 210 were measured.
      expect(residentOf(pid) - before).toBeLessThan(400);
      expect(relay.output()).not.toContain('nothing handles');
      expect(open.size).toBeGreaterThan(CONNECTIONS / 2);
    });
  },
);
