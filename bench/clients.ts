/**
 * Other HTTP/2 clients at the same work: post one body to a few paths, so many times, with so many streams in flight. Run as a
 * process of its own (`runClient`), which tells its rate and its CPU per request; a tenth of the requests warms it up first.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import { isIP } from 'node:net';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import wrapper from 'http2-wrapper';
import { Pool } from 'undici';
import { createPool } from '../src/http2/create-pool.ts';
import { killAtExit } from './left-behind.ts';

export const CLIENTS = ['own pool', 'node:http2', 'http2-wrapper'] as const;
/** undici takes part in bench/http2-clients.ts only: it is too slow for the long table. */
export type ClientName = (typeof CLIENTS)[number] | 'undici';

export interface ClientWork {
  readonly client: ClientName;
  readonly origin: string;
  readonly paths: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyPath: string;
  readonly caPath: string;
  readonly requests: number;
  /** In flight at a time. */
  readonly streams: number;
}

export interface ClientResult {
  readonly perSecond: number;
  /** User and system, microseconds for each request. */
  readonly cpuUs: number;
  /** Answered with 200. */
  readonly succeeded: number;
}

/** Sends one request and calls back with its status, 0 when there was none. */
type Send = (path: string, done: (status: number) => void) => void;
/** Sends `count` requests; resolves with the number answered 200. */
type Round = (count: number) => Promise<number>;
interface Client {
  readonly round: Round;
  close(): void;
}

const inFlight =
  (send: Send, { paths, streams }: ClientWork): Round =>
  (count) =>
    new Promise((resolve) => {
      let started = 0;
      let ended = 0;
      let succeeded = 0;
      const next = (): void => {
        if (started === count) return;
        send(paths[started++ % paths.length] as string, (status) => {
          if (status === 200) succeeded++;
          if (++ended === count) resolve(succeeded);
          else next();
        });
      };
      for (let i = 0; i < Math.min(streams, count); i++) next();
    });

function nodeClient(work: ClientWork, ca: string, body: Buffer): Client {
  const session = http2.connect(work.origin, { ca });
  const send: Send = (path, done) => {
    const stream = session.request({ ':method': 'POST', ':path': path, ...work.headers });
    let status = 0;
    stream.on('response', (headers) => {
      status = Number(headers[':status']);
    });
    stream.on('error', () => {});
    stream.on('close', () => done(status));
    stream.resume();
    stream.end(body);
  };
  return { round: inFlight(send, work), close: () => session.destroy() };
}

function wrapperClient(work: ClientWork, ca: string, body: Buffer): Client {
  const agent = new wrapper.Agent();
  const url = new URL(work.origin);
  // It would send an address as the server's name, which TLS does not allow.
  const name = isIP(url.hostname) ? { servername: 'localhost' } : {};
  const base = {
    hostname: url.hostname,
    port: Number(url.port || 443),
    method: 'POST',
    agent,
    headers: work.headers,
    ...name,
  };
  const send: Send = (path, done) => {
    const request = wrapper.request({ ...base, path, ca } as wrapper.RequestOptions, (response) => {
      response.on('end', () => done(response.statusCode as number));
      response.resume();
    });
    request.on('error', () => done(0));
    request.end(body);
  };
  return { round: inFlight(send, work), close: () => agent.destroy() };
}

function undiciClient(work: ClientWork, ca: string, body: Buffer): Client {
  // It would send an address as the server's name, which TLS does not allow.
  const pool = new Pool(work.origin, {
    allowH2: true,
    connections: 1,
    maxConcurrentStreams: work.streams,
    pipelining: work.streams,
    connect: { ca, servername: 'localhost' },
  });
  const send: Send = (path, done) => {
    pool.request({ path, method: 'POST', headers: work.headers, body }).then(
      async ({ statusCode, body: answer }) => {
        await answer.dump();
        done(statusCode);
      },
      () => done(0),
    );
  };
  return { round: inFlight(send, work), close: () => void pool.destroy() };
}

/** One burst of a hundred paths after the other, as the relay submits them; the pool holds back what exceeds the streams. */
function ownClient(work: ClientWork, ca: string, body: Buffer): Client {
  const pool = createPool({ origin: work.origin, ca: [ca] });
  const { paths } = work;
  const headers = Object.entries(work.headers).map(([name, value]) => ({ name, value, indexing: 'index' as const }));
  const perBurst = 100;
  const burst = (count: number, each: (status: number) => void) =>
    pool.submit({
      template: { headers, body },
      count,
      path: (index) => paths[index % paths.length] as string,
      body: () => body,
      onResponse: (_index, status) => each(status),
      onFault: () => each(0),
    });
  const round: Round = (count) =>
    new Promise((resolve) => {
      let started = 0;
      let ended = 0;
      let succeeded = 0;
      const more = (): void => {
        while (started < count && started - ended <= work.streams - perBurst) {
          const size = Math.min(perBurst, count - started);
          started += size;
          burst(size, (status) => {
            if (status === 200) succeeded++;
            if (++ended === count) resolve(succeeded);
            else more();
          });
        }
      };
      more();
    });
  return { round, close: () => void pool.close() };
}

const makers = {
  'own pool': ownClient,
  'node:http2': nodeClient,
  'http2-wrapper': wrapperClient,
  undici: undiciClient,
};

async function main(work: ClientWork): Promise<void> {
  const client = makers[work.client](work, readFileSync(work.caPath, 'utf8'), readFileSync(work.bodyPath));
  await client.round(Math.ceil(work.requests / 10));
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const succeeded = await client.round(work.requests);
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = work.requests / seconds;
  process.send?.({ perSecond, cpuUs: (user + system) / work.requests, succeeded } satisfies ClientResult);
  client.close();
  process.disconnect?.();
}

/** @throws when the client ends without a result. */
export async function runClient(work: ClientWork): Promise<ClientResult> {
  const child = killAtExit(
    fork(fileURLToPath(import.meta.url), [JSON.stringify(work)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    }),
  );
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the client ${work.client} ended with ${code}`);
  });
  const [result] = (await Promise.race([once(child, 'message'), ended])) as [ClientResult];
  await ended.catch(() => {});
  return result;
}

if (import.meta.main) await main(JSON.parse(process.argv[2] as string) as ClientWork);
