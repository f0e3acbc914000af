import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeProtectedHeader } from 'jose';
import { makeAuthority } from '../../src/sandbox/certificates.ts';

/** An APNs that takes its time, counts what each device got, and refuses the keys that are revoked. */
export interface CountingApns extends AsyncDisposable {
  readonly origin: string;
  readonly ca: string;
  /** Device token → accepted pushes. */
  readonly got: Map<string, number>;
  /** Key id → accepted pushes. */
  readonly byKey: Map<string, number>;
  /** Key ids that are answered with InvalidProviderToken. */
  readonly revoked: Set<string>;
}

const PROBED = /^0+$/;

export async function startCountingApns(delayMs = 20): Promise<CountingApns> {
  const authority = makeAuthority();
  const server = http2.createSecureServer(authority.leaf(['localhost', '127.0.0.1']));
  const sessions = new Set<http2.ServerHttp2Session>();
  const got = new Map<string, number>();
  const byKey = new Map<string, number>();
  const revoked = new Set<string>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  const judge = (token: string, jwt: string): { status: number; reason?: string } => {
    const { kid = '' } = decodeProtectedHeader(jwt);
    if (revoked.has(kid)) return { status: 403, reason: 'InvalidProviderToken' };
    if (PROBED.test(token)) return { status: 400, reason: 'BadDeviceToken' };
    got.set(token, (got.get(token) ?? 0) + 1);
    byKey.set(kid, (byKey.get(kid) ?? 0) + 1);
    return { status: 200 };
  };
  server.on('stream', async (stream: http2.ServerHttp2Stream, headers) => {
    stream.on('error', () => {});
    stream.resume();
    await once(stream, 'end').catch(() => {});
    await sleep(delayMs);
    if (stream.destroyed) return;
    const token = String(headers[':path']).slice('/3/device/'.length);
    const { status, reason } = judge(token, String(headers.authorization).slice('bearer '.length));
    stream.respond({ ':status': status });
    stream.end(reason ? JSON.stringify({ reason }) : '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    ca: authority.ca,
    got,
    byKey,
    revoked,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
