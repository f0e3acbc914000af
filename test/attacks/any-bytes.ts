import { connect as connectPlain, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';

/** A port of the relay; `alpn`: what is offered inside TLS, absent: no TLS. */
export interface Door {
  readonly name: string;
  readonly port: number;
  readonly alpn?: string;
}

/** What a stranger does with one connection. */
export interface Visit {
  readonly bytes: Buffer;
  /** Bytes written at a time. */
  readonly chunk: number;
  readonly end: 'half' | 'reset' | 'linger';
  /** Whether answers are read. */
  readonly reads: boolean;
}

/** Milliseconds that a connection is left open. */
const LINGER_MS = 30;
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

const oneOf = (...values: string[]): fc.Arbitrary<string> => fc.constantFrom(...values);

const method = oneOf('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE', 'PRI', 'get', 'G@T', '');
const target = oneOf(
  '/',
  '/api/push',
  '/healthz',
  '/v1/apps/a',
  '*',
  'http://a/b',
  '//',
  '/%',
  '/\u0000',
  'a:443',
  '/?'.repeat(3000),
);
const version = oneOf('HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/9.9', 'HTP/1', '');
const line = oneOf(
  ...['Host: a', 'Host:', 'Host: a\r\nHost: b', 'Content-Length: 5', 'Content-Length: -1', 'Content-Length: 5, 6'],
  ...['Content-Length: 99999999999999999999', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked, gzip'],
  ...['Transfer-Encoding: \u000bchunked', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA'],
  ...['Connection: Upgrade\r\nUpgrade: websocket', 'Expect: 100-continue', 'Expect: 200-ok', ' folded: x', ': empty'],
  ...[
    'X: \u0000',
    `X: ${'x'.repeat(20_000)}`,
    'Connection: close',
    'Connection: keep-alive',
    'Trailer: x',
    'TE: trailers',
  ],
  ...['Authorization: Basic \u00ff', 'Authorization: Bearer', 'Range: bytes=0-', 'Content-Type: application/grpc'],
);
const body = oneOf(
  '',
  '{}',
  '0\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  'fffffffffffffffff\r\n',
  '5;x="\r\n',
  '{"notifications":[',
  '-1\r\n',
);
const request = fc
  .tuple(method, target, version, fc.array(line, { maxLength: 6 }), oneOf('\r\n', '\n', '\r', '\r\n\r\n'), body)
  .map(([verb, path, protocol, lines, ending, rest]) =>
    Buffer.from(`${verb} ${path} ${protocol}${ending}${lines.join(ending)}${ending}${ending}${rest}`, 'latin1'),
  );

const frame = fc
  .record({
    type: fc.integer({ min: 0, max: 12 }),
    flags: fc.integer({ min: 0, max: 255 }),
    stream: fc.constantFrom(0, 1, 1, 2, 3, 5, 0x7fff_ffff, 0xffff_ffff),
    payload: fc.uint8Array({ maxLength: 64 }),
    /** Another length than it has. */
    said: fc.option(fc.constantFrom(0, 1, 16_385, 0xff_ffff), { freq: 8 }),
  })
  .map(({ type, flags, stream, payload, said }) => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(said ?? payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
  });

/** GET / of HTTP/2, from the static table (RFC 7541, appendix A). */
const GET = Buffer.concat([Buffer.from([0, 0, 4, 1, 5, 0, 0, 0, 1]), Buffer.from([0x82, 0x84, 0x86, 0x41, 0])]);

const bytes: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 4000 }).map((noise) => Buffer.from(noise)),
  fc.array(request, { minLength: 1, maxLength: 30 }).map((requests) => Buffer.concat(requests)),
  fc
    .array(fc.oneof(frame, fc.constant(GET)), { maxLength: 30 })
    .map((frames) => Buffer.concat([PREFACE, Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]), ...frames])),
  // Of a greeting of TLS a part.
  fc
    .integer({ min: 1, max: 60 })
    .map((length) => Buffer.concat([Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]), Buffer.alloc(length, 7)])),
);

/** A byte changed, lost or doubled somewhere. */
const mutated = fc
  .tuple(bytes, fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.nat(2)), { maxLength: 4 }))
  .map(([whole, changes]) =>
    changes.reduce((before, [place, value, kind]) => {
      const at = before.length === 0 ? 0 : place % before.length;
      if (kind === 0) return Buffer.concat([before.subarray(0, at), before.subarray(at + 1)]);
      return Buffer.concat([before.subarray(0, at), Buffer.from([value]), before.subarray(kind === 1 ? at + 1 : at)]);
    }, whole),
  );

const visit: fc.Arbitrary<Visit> = fc
  .record({
    bytes: fc.oneof(bytes, mutated),
    chunk: fc.constantFrom(1_000_000, 1_000_000, 100, 17),
    end: fc.constantFrom('half' as const, 'reset' as const, 'linger' as const),
    reads: fc.boolean(),
  })
  // Fit for a message: the seed brings the rest back.
  .map((each) => ({
    ...each,
    [fc.toStringMethod]: () => `${each.end} ${each.chunk} ${each.reads} ${each.bytes.toString('base64').slice(0, 200)}`,
  }));

function open({ port, alpn }: Door): Socket {
  if (alpn === undefined) return connectPlain(port, '127.0.0.1');
  return connectTls({ port, host: '127.0.0.1', ALPNProtocols: [alpn], rejectUnauthorized: false });
}

/** Pays the visit; resolves when the connection is closed, by whichever side. */
export async function pay(door: Door, { bytes: whole, chunk, end, reads }: Visit): Promise<void> {
  const socket = open(door);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  if (reads) socket.resume();
  for (let from = 0; from < whole.length; from += chunk) socket.write(whole.subarray(from, from + chunk));
  if (end === 'half') socket.end();
  await Promise.race([closed, sleep(LINGER_MS)]);
  if (end === 'reset' && 'resetAndDestroy' in socket && door.alpn === undefined) socket.resetAndDestroy();
  else socket.destroy();
  await closed;
}

export interface VisitOptions {
  readonly doors: readonly Door[];
  readonly runs: number;
  readonly seed: number;
  /** Rejects when the relay is not well. */
  readonly check: () => Promise<void>;
}

/** So many visits to each door, some at a time. */
export async function payVisits({ doors, runs, seed, check }: VisitOptions): Promise<void> {
  for (const door of doors)
    await fc.assert(
      fc.asyncProperty(fc.array(visit, { minLength: 8, maxLength: 8 }), async (visits) => {
        await Promise.all(visits.map((each) => pay(door, each)));
        await check().catch((error) => {
          throw new Error(`${door.name}: ${error}`, { cause: error });
        });
      }),
      { numRuns: Math.ceil(runs / 8), seed, endOnFailure: true },
    );
}
