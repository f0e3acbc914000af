/**
 * Posts requests that all differ, over kept HTTP/1.1 connections, each with one request in flight: h2load can only repeat a body.
 * A process of its own (`startHttpLoad`), on bare sockets, so that a request costs it some ten microseconds.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { killAtExit } from '../left-behind.ts';
import { percentiles } from '../measure.ts';
import { importLine, makers, type RequestName } from './requests.ts';

export interface Load {
  readonly port: number;
  /** `import`: one request with a line for each index. */
  readonly name: RequestName | 'import';
  readonly connections: number;
  /** Indices `from` to `from + count - 1`, taken modulo `modulo` where that is given. */
  readonly from: number;
  readonly count: number;
  readonly modulo?: number;
}

export interface LoadResult {
  readonly seconds: number;
  /** Answered with 2xx. */
  readonly succeeded: number;
  /** Milliseconds of each answer. */
  readonly p50?: number;
  readonly p99?: number;
  /** Of one request that failed. */
  readonly failure?: string;
}

export interface HttpLoad {
  run(load: Load): Promise<LoadResult>;
  close(): void;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** The status of the answer that `bytes` begins with, and its length; undefined while it is not all there. */
export function answerIn(bytes: Buffer): { readonly ok: boolean; readonly length: number } | undefined {
  const end = bytes.indexOf(END_OF_HEAD);
  if (end === -1) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
  if (Number.isNaN(length)) throw new Error(`an answer without Content-Length: ${head.split('\r\n')[0]}`);
  const whole = end + END_OF_HEAD.length + length;
  return bytes.length < whole ? undefined : { ok: head[9] === '2', length: whole };
}

/** One connection: asks `next` for the text of a request until there is none. */
function drive(
  socket: Socket,
  next: () => string | undefined,
  done: (ok: boolean, ms: number, answer: Buffer) => void,
) {
  return new Promise<void>((resolve, reject) => {
    let rest: Buffer = Buffer.alloc(0);
    let begun = 0;
    const send = (): void => {
      const text = next();
      if (text === undefined) {
        socket.end();
        resolve();
        return;
      }
      begun = performance.now();
      socket.write(text);
    };
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      const answer = answerIn(rest);
      if (!answer) return;
      done(answer.ok, performance.now() - begun, rest);
      rest = rest.subarray(answer.length);
      send();
    });
    send();
  });
}

async function post({ port, name, connections, from, count, modulo }: Load): Promise<LoadResult> {
  const make = makers[name as RequestName];
  let index = 0;
  let succeeded = 0;
  let failure: string | undefined;
  const times: number[] = [];
  const next = (): string | undefined => {
    if (index >= count) return undefined;
    const at = from + index++;
    const { method, path, body } = make(modulo === undefined ? at : at % modulo);
    const length = Buffer.byteLength(body);
    const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n`;
    return `${head}Content-Length: ${length}\r\n\r\n${body}`;
  };
  const done = (ok: boolean, ms: number, answer: Buffer): void => {
    times.push(ms);
    if (ok) succeeded++;
    else failure ??= answer.toString().slice(0, 500);
  };
  const begun = performance.now();
  const sockets = Array.from({ length: Math.min(connections, count) }, () => connect(port, '127.0.0.1').setNoDelay());
  await Promise.all(sockets.map((socket) => drive(socket, next, done)));
  const seconds = (performance.now() - begun) / 1000;
  return { seconds, succeeded, ...percentiles(times), ...(failure === undefined ? {} : { failure }) };
}

const LINES = 500;

/** As one request, in pieces as the connection takes them. */
async function importDevices({ port, from, count }: Load): Promise<LoadResult> {
  async function* lines() {
    for (let at = 0; at < count; at += LINES) {
      const piece = Array.from({ length: Math.min(LINES, count - at) }, (_, index) => importLine(from + at + index));
      yield new TextEncoder().encode(piece.join(''));
    }
  }
  const begun = performance.now();
  const answer = await fetch(`http://127.0.0.1:${port}/v1/devices/import`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: ReadableStream.from(lines()),
    duplex: 'half',
  } as RequestInit);
  const text = await answer.text();
  const seconds = (performance.now() - begun) / 1000;
  const last = text.trimEnd().split('\n').at(-1) ?? '';
  const { imported = 0 } = JSON.parse(last) as { imported?: number };
  return { seconds, succeeded: imported, ...(imported < count ? { failure: last.slice(0, 500) } : {}) };
}

/** Starts the process. Closed with it, what is under way ends. */
export async function startHttpLoad(): Promise<HttpLoad> {
  const child = killAtExit(fork(fileURLToPath(import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
  await once(child, 'message');
  return {
    async run(load) {
      const told = Promise.race([once(child, 'message'), once(child, 'exit')]);
      child.send(load);
      const [result] = (await told) as [LoadResult | { readonly error: string } | number];
      if (typeof result !== 'object' || 'error' in result)
        throw new Error(`the load ended: ${typeof result === 'object' ? result.error : result}`);
      return result;
    },
    close: () => child.kill(),
  };
}

function main(): void {
  process.on('message', (load: Load) => {
    const work = load.name === 'import' ? importDevices(load) : post(load);
    work.then(
      (result) => process.send?.(result),
      (error: Error) => process.send?.({ error: error.message }),
    );
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
}

if (import.meta.main) main();
