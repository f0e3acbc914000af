import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../auth/guarded-relay.ts';
import { type RunningRelay, startRelay } from '../e2e/running-relay.ts';
import { freePort } from '../support/free-port.ts';

const MB = 2 ** 20;
const SEND = '/proto.Gorush/Send';
const KEY = `martlet_${'k'.repeat(43)}`;

/** MiB in memory (proc(5), `VmRSS`). */
function residentOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** What is before a gRPC message of this length. */
function prefix(bytes: number): Buffer {
  const bytesOf = Buffer.alloc(5);
  bytesOf.writeUInt32BE(bytes, 1);
  return bytesOf;
}

describe('gRPC messages that are not ended', () => {
  let relay: RunningRelay;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    relay = await startRelay({
      grpc: { enabled: true, port: String(port) },
      core: { max_bodies: 64 * MB },
      auth: { keys: { one: { sha256: sha256(KEY), scopes: ['push'] } } },
    });
  });
  afterAll(() => relay[Symbol.asyncDispose]());

  /** Sends most of a message of 9 MB as fast as it is taken, and never ends. @returns the gRPC status, if there is one */
  async function unended(
    session: http2.ClientHttp2Session,
    path: string,
    headers: object,
  ): Promise<string | undefined> {
    const head = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
    const stream = session.request({ ...head, ...headers });
    const status = Promise.withResolvers<string | undefined>();
    const note = (received: http2.IncomingHttpHeaders): void => {
      if (received['grpc-status'] !== undefined) status.resolve(String(received['grpc-status']));
    };
    stream
      .on('response', note)
      .on('trailers', note)
      .on('error', () => {});
    stream.on('close', () => status.resolve(undefined));
    stream.resume();
    stream.write(prefix(9 * MB));
    const more = (left: number): void => {
      if (left === 0 || stream.destroyed || stream.closed) return;
      stream.write(Buffer.alloc(MB / 4), () => more(left - 1));
    };
    more(32);
    return status.promise;
  }

  async function unendedCalls(calls: number, path: string, headers: object): Promise<(string | undefined)[]> {
    // A few connections, as an attacker would have them.
    const sessions = Array.from({ length: 10 }, () =>
      http2.connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 4000 }),
    );
    for (const session of sessions) session.on('error', () => {});
    const statuses: (string | undefined)[] = [];
    for (let i = 0; i < calls; i++)
      void unended(sessions[i % 10] as http2.ClientHttp2Session, path, headers).then((status) => statuses.push(status));
    // Those that are still being received have none.
    await expect.poll(() => statuses.length).toBeGreaterThanOrEqual(calls - 8);
    for (const session of sessions) session.destroy();
    return statuses.slice(0, calls - 8);
  }

  it.each([
    ['without a key', SEND, {}, '16'],
    ['with a key', SEND, { authorization: `Bearer ${KEY}` }, '14'],
    ['of a health check', '/grpc.health.v1.Health/Check', {}, '8'],
    ['that are said to be compressed', SEND, { 'grpc-encoding': 'gzip' }, '16'],
  ])('%s take little memory, and calls besides are answered', async (_, path, headers, status) => {
    const pid = relay.child.pid as number;
    const before = residentOf(pid);
    let most = before;
    const timer = setInterval(() => {
      most = Math.max(most, residentOf(pid));
    }, 20);
    const statuses = await unendedCalls(300, path, headers);
    clearInterval(timer);
    expect(new Set(statuses)).toEqual(new Set([status]));
    // 300 calls of 8 MB would be 2,400.
    expect(most - before).toBeLessThan(400);
    expect((await fetch(`${relay.url}/healthz`)).ok).toBe(true);
  });
});
