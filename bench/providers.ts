/** The providers that a scenario sends to, each a process of its own on a loopback address. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DelayingReport, DelayingSetup } from './delaying-provider.ts';
import { killAtExit } from './left-behind.ts';
import { MissingToolError } from './missing-tool.ts';

export interface Place {
  readonly address: string;
  readonly port: number;
}

export interface Provider {
  /** Since the last call; undefined where the provider does not count. */
  report(): Promise<DelayingReport | undefined>;
  close(): Promise<void>;
}

export interface Certificate {
  readonly certPath: string;
  readonly keyPath: string;
}

const MAX_STREAMS = '1000';
const LOOK_MS = 5;
const START_MS = 3000;

const answers = ({ address, port }: Place): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

async function untilAnswers(place: Place, child: ChildProcess): Promise<void> {
  for (const until = performance.now() + START_MS; performance.now() < until; ) {
    if (await answers(place)) return;
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`the provider does not answer on ${place.address}:${place.port}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** nghttpd: serves `docs` as fast as HTTP/2 gets. @throws MissingToolError */
export async function startNghttpd(place: Place, { certPath, keyPath }: Certificate, docs: string): Promise<Provider> {
  const args = ['-a', place.address, '-m', MAX_STREAMS, '-d', docs, String(place.port), keyPath, certPath];
  const child = killAtExit(spawn('nghttpd', args, { stdio: 'ignore' }));
  const failed = once(child, 'error').then(() => {
    throw new MissingToolError('nghttpd', 'nghttp2-server');
  });
  await Promise.race([failed, untilAnswers(place, child)]);
  return { report: async () => undefined, close: () => stop(child) };
}

interface NginxOptions {
  /** For its files; made. */
  readonly folder: string;
  /** HTTP/2 and HTTP/1.1 by ALPN, or HTTP/1.1 alone. */
  readonly http2: boolean;
}

/** nginx as a push service: takes every request with 201. @throws MissingToolError */
export async function startNginx(
  place: Place,
  certificate: Certificate,
  { folder, http2 }: NginxOptions,
): Promise<Provider> {
  mkdirSync(folder, { recursive: true });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/t;`,
  );
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
     events { worker_connections 1000; }
     http {
       access_log off; ${temporary.join(' ')}
       keepalive_requests 1000000000; http2_max_concurrent_streams 1000;
       server {
         listen ${place.address}:${place.port} ssl ${http2 ? 'http2' : ''};
         ssl_certificate ${certificate.certPath}; ssl_certificate_key ${certificate.keyPath};
         location / { return 201; }
       }
     }`,
  );
  const child = killAtExit(spawn('nginx', ['-p', folder, '-c', config], { stdio: 'ignore' }));
  const failed = once(child, 'error').then(() => {
    throw new MissingToolError('nginx', 'nginx');
  });
  await Promise.race([failed, untilAnswers(place, child)]);
  return { report: async () => undefined, close: () => stop(child) };
}

/** Answers 200 after `delayMs`, never where that is null, and tells how long stamped pushes were on their way. */
export async function startDelaying(
  place: Place,
  certificate: Certificate,
  delayMs: DelayingSetup['delayMs'],
): Promise<Provider> {
  const setup: DelayingSetup = { ...place, ...certificate, delayMs };
  const script = fileURLToPath(new URL('delaying-provider.ts', import.meta.url));
  const child = killAtExit(fork(script, [JSON.stringify(setup)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
  const [first] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as unknown[];
  if (first !== 'listening') throw new Error('the delaying provider did not start');
  return {
    async report() {
      const told = once(child, 'message');
      child.send('report');
      return (await told)[0] as DelayingReport;
    },
    close: () => stop(child),
  };
}
