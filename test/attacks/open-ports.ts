import { readdirSync } from 'node:fs';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { type RunningRelay, startRelay } from '../e2e/running-relay.ts';
import { freePort } from '../support/free-port.ts';
import type { Door } from './any-bytes.ts';

const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;
const portOf = ({ url }: RunningRelay): number => Number(new URL(url).port);

/** Descriptors that connections of the health checks may hold still. */
const KEPT = 8;

export interface OpenPorts extends AsyncDisposable {
  /** HTTP, its administration and gRPC on one; `secure` has TLS. */
  readonly relay: RunningRelay;
  readonly secure: RunningRelay;
  readonly doors: readonly Door[];
  /** Rejects when one of them does not answer. */
  check(): Promise<void>;
  /** Whether connections that are gone hold descriptors still. */
  isLeaking(): boolean;
  /** @throws when a process is another one, or told of a failure inside */
  verify(): void;
}

/** Two relays with every port that there is, without keys. */
export async function openPorts(): Promise<OpenPorts> {
  const [grpc, admin] = [await freePort(), await freePort()];
  const { cert, key } = makeAuthority('Any bytes').leaf(['localhost', '127.0.0.1']);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const relay = await startRelay({
    grpc: { enabled: true, port: String(grpc) },
    core: { admin_address: `127.0.0.1:${admin}` },
  });
  const tls = { ssl: true, cert_base64: base64(cert), key_base64: base64(key) };
  const secure = await startRelay({ core: tls }, {}, relay.sandbox);
  const relays = [relay, secure];
  const pids = relays.map(({ child }) => child.pid as number);
  const before = pids.map(descriptorsOf);
  const port = portOf(secure);
  return {
    relay,
    secure,
    doors: [
      { name: 'HTTP', port: portOf(relay) },
      { name: 'administration', port: admin },
      { name: 'gRPC', port: grpc },
      { name: 'TLS', port },
      { name: 'HTTP/1.1 in TLS', port, alpn: 'http/1.1' },
      { name: 'HTTP/2 in TLS', port, alpn: 'h2' },
    ],
    async check() {
      for (const each of relays) await each.get('/readyz');
    },
    isLeaking: () => pids.some((pid, index) => descriptorsOf(pid) > (before[index] as number) + KEPT),
    verify() {
      for (const [index, { child, output }] of relays.entries()) {
        if (child.pid !== pids[index] || child.exitCode !== null) throw new Error(`a relay has ended: ${output()}`);
        const wrong = /nothing handles|a request failed|ERROR/.exec(output());
        if (wrong) throw new Error(output().slice(wrong.index, wrong.index + 500));
      }
    },
    async [Symbol.asyncDispose]() {
      await secure[Symbol.asyncDispose]();
      await relay[Symbol.asyncDispose]();
    },
  };
}
