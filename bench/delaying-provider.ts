/**
 * A provider that answers every request with 200 after a fixed pause, or never, run as a process of its own (`startDelaying`). It reads
 * frames and never decodes a header: the answer does not depend on the path, and a request that costs it one microsecond leaves
 * the machine to the relay. `node:http2` would be the bottleneck at some 40,000/s, and a pause is not to be had from nghttpd.
 *
 * A body that holds `@<microseconds>@` (CLOCK_MONOTONIC, which all processes of a machine share) is a stamp of when the push was
 * posted: how long it was on its way is kept and told.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import tls from 'node:tls';

export interface DelayingSetup {
  readonly address: string;
  readonly port: number;
  readonly certPath: string;
  readonly keyPath: string;
  /** Null: it takes requests and never answers one. */
  readonly delayMs: number | null;
}

export interface DelayingReport {
  readonly requests: number;
  /** When the first of them came, CLOCK_MONOTONIC in microseconds; 0: none did. */
  readonly firstUs: number;
  /** Milliseconds from stamp to arrival, for each body that had one. */
  readonly arrivals: readonly number[];
}

const DATA = 0;
const HEADERS = 1;
const SETTINGS = 4;
const PING = 6;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;
const ACK = 1;
const PREFACE_LENGTH = 24;
const HEAD_LENGTH = 9;
const ANSWER_LENGTH = HEAD_LENGTH + 1;
/** `:status: 200`, entry 8 of HPACK's static table. */
const STATUS_200 = 0x88;
const MOST_WINDOW = 2 ** 31 - 1;
const FRESH_WINDOW = 65_535;
const REFILL = 2 ** 29;
const AT = 0x40;

/** As Apple: 1,000 streams a connection. */
const MAX_STREAMS = 1000;

let requests = 0;
let firstUs = 0;
let arrivals: number[] = [];

export const monotonicUs = (): number => Number(process.hrtime.bigint() / 1000n);

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_LENGTH);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const setting = (id: number, value: number): Buffer => Buffer.concat([Buffer.from([0, id]), uint32(value)]);

const GREETING = Buffer.concat([
  frame(SETTINGS, 0, 0, Buffer.concat([setting(3, MAX_STREAMS), setting(4, 2 ** 20)])),
  frame(WINDOW_UPDATE, 0, 0, uint32(MOST_WINDOW - FRESH_WINDOW)),
]);

function answers(streams: readonly number[]): Buffer {
  const out = Buffer.alloc(streams.length * ANSWER_LENGTH);
  let at = 0;
  for (const stream of streams) {
    out[at + 2] = 1;
    out[at + 3] = HEADERS;
    out[at + 4] = 5; // END_STREAM, END_HEADERS
    out.writeUInt32BE(stream, at + 5);
    out[at + HEAD_LENGTH] = STATUS_200;
    at += ANSWER_LENGTH;
  }
  return out;
}

function noteStamp(chunk: Buffer, from: number, to: number): void {
  const begin = chunk.indexOf(AT, from);
  if (begin === -1 || begin >= to) return;
  const end = chunk.indexOf(AT, begin + 1);
  const stamp = Number(chunk.toString('latin1', begin + 1, end));
  if (stamp > 0) arrivals.push((monotonicUs() - stamp) / 1000);
}

function serve(socket: tls.TLSSocket, delayMs: number | null): void {
  let rest: Buffer = Buffer.alloc(0);
  let greeted = false;
  let consumed = 0;
  let ended: number[] = [];

  const answer = (streams: readonly number[]): void => {
    if (!socket.destroyed) socket.write(answers(streams));
  };

  function take(buffer: Buffer, at: number, length: number): void {
    const type = buffer[at + 3] as number;
    const flags = buffer[at + 4] as number;
    const from = at + HEAD_LENGTH;
    if (type === SETTINGS && !(flags & ACK)) socket.write(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
    if (type === PING && !(flags & ACK)) socket.write(frame(PING, ACK, 0, buffer.subarray(from, from + length)));
    if (type === DATA) {
      consumed += length;
      noteStamp(buffer, from, from + length);
    }
    if ((type === DATA || type === HEADERS) && flags & END_STREAM) ended.push(buffer.readUInt32BE(at + 5));
  }

  socket.on('error', () => {});
  socket.write(GREETING);
  socket.on('data', (chunk: Buffer) => {
    const buffer = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    if (!greeted && buffer.length >= PREFACE_LENGTH) {
      at = PREFACE_LENGTH;
      greeted = true;
    }
    while (greeted && buffer.length - at >= HEAD_LENGTH) {
      const length = buffer.readUIntBE(at, 3);
      if (buffer.length - at < HEAD_LENGTH + length) break;
      take(buffer, at, length);
      at += HEAD_LENGTH + length;
    }
    rest = buffer.subarray(at);
    if (consumed > REFILL) {
      socket.write(frame(WINDOW_UPDATE, 0, 0, uint32(consumed)));
      consumed = 0;
    }
    if (ended.length === 0) return;
    if (requests === 0) firstUs = monotonicUs();
    requests += ended.length;
    const streams = ended;
    ended = [];
    if (delayMs === 0) answer(streams);
    else if (delayMs !== null) setTimeout(answer, delayMs, streams);
  });
}

function main(): void {
  const setup = JSON.parse(process.argv[2] as string) as DelayingSetup;
  const server = tls.createServer(
    { cert: readFileSync(setup.certPath), key: readFileSync(setup.keyPath), ALPNProtocols: ['h2'] },
    (socket) => serve(socket, setup.delayMs),
  );
  server.listen(setup.port, setup.address, () => process.send?.('listening'));
  process.on('message', () => {
    process.send?.({ requests, firstUs, arrivals } satisfies DelayingReport);
    requests = 0;
    firstUs = 0;
    arrivals = [];
  });
  process.on('disconnect', () => process.exit(0));
}

if (import.meta.main) main();
