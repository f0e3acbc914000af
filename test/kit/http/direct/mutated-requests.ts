/** Requests that are nearly plain pushes: each known way in which two readers of HTTP/1.1 have disagreed, and random changes. */
import type { SeededRandom } from '../../../simulation/seeded-random.ts';
import { body, request } from './twin-servers.ts';

const TEXT = body();
const LENGTH = TEXT.length;
const CHUNKED = `${LENGTH.toString(16)}\r\n${TEXT}\r\n0\r\n\r\n`;

/** With a head of its own, behind the request line. */
const raw = (lines: readonly string[], text = TEXT, start = 'POST /api/push HTTP/1.1'): string =>
  `${[start, ...lines].join('\r\n')}\r\n\r\n${text}`;
const HOST = 'Host: localhost';
const CL = `Content-Length: ${LENGTH}`;

/** Framing that readers have understood in two ways (RFC 9112 sections 2.2, 5, 6, 9.3 and 11.2, and reports of request smuggling). */
export const SUSPECT: readonly string[] = [
  request(),
  request() + request(),
  `${request()}GET /other HTTP/1.1\r\n${HOST}\r\n\r\n`,
  ...[
    'Transfer-Encoding: chunked',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding:\tchunked',
    'transfer-encoding: identity',
  ].flatMap((line) => [
    raw([HOST, CL, line], CHUNKED),
    raw([HOST, line, CL], CHUNKED),
    raw([HOST, line], CHUNKED),
    raw([HOST, CL, line]),
  ]),
  ...[
    ' Transfer-Encoding: chunked',
    'X: y\nTransfer-Encoding: chunked',
    'Transfer-Encoding: xchunked',
    'Transfer_Encoding: chunked',
  ].map((line) => raw([HOST, CL, line], CHUNKED)),
  ...[
    `${LENGTH} `,
    ` ${LENGTH}`,
    `+${LENGTH}`,
    `0${LENGTH}`,
    `0x${LENGTH.toString(16)}`,
    `${LENGTH},${LENGTH}`,
    `${LENGTH}, 0`,
    '-1',
    '',
    '0',
    `${LENGTH}.0`,
    `${LENGTH}e0`,
    '1_0',
    '99999999999999999999',
    `${LENGTH}\t`,
    `\t${LENGTH}`,
  ].map((value) => raw([HOST, `Content-Length: ${value}`])),
  raw([HOST, CL, CL]),
  raw([HOST, CL, 'Content-Length: 0']),
  raw([HOST, 'Content-Length: 0', CL]),
  raw([HOST, `Content-Length:${LENGTH}`]),
  raw([HOST, `Content-Length : ${LENGTH}`]),
  raw([HOST, `content-length: ${LENGTH}`]),
  raw([HOST, `Content_Length: ${LENGTH}`]),
  raw([HOST]),
  raw([CL]),
  raw([HOST, HOST, CL]),
  raw([HOST, 'Host: other', CL]),
  raw(['Host:', CL]),
  raw(['Host: a b', CL]),
  raw(['Host: user@localhost', CL]),
  raw([HOST, CL, 'Expect: 100-continue']),
  raw([HOST, CL, 'Expect: other']),
  raw([HOST, CL, 'Connection: close']),
  raw([HOST, CL, 'Connection: Keep-Alive']),
  raw([HOST, CL, 'Connection: keep-alive, Content-Length']),
  raw([HOST, CL, 'Connection: Upgrade', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA']),
  raw([HOST, CL, 'Upgrade: websocket']),
  raw([HOST, CL, 'TE: trailers', 'Trailer: X']),
  raw([HOST, CL, 'X-Request-Id: a\r\n folded']),
  raw([HOST, CL, 'X-Request-Id: \x01']),
  raw([HOST, CL, 'X-Request-Id: \x00']),
  raw([HOST, CL, 'X-Request-Id: \xe4']),
  raw([HOST, CL, 'User-Agent:']),
  raw([HOST, CL, 'User-Agent: ']),
  raw([HOST, CL, 'User-Agent:  a  ']),
  raw([HOST, CL, 'no colon']),
  raw([HOST, CL, ': no name']),
  raw([HOST, CL, 'Na me: a']),
  raw([HOST, CL, 'Idempotency-Key: a']),
  raw([HOST, CL, 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']),
  ...[
    'POST /api/push HTTP/1.0',
    'POST /api/push HTTP/1.2',
    'POST /api/push HTTP/2.0',
    'post /api/push HTTP/1.1',
    'POST  /api/push HTTP/1.1',
    'POST /api/push  HTTP/1.1',
    'POST /api/push',
    'POST http://localhost/api/push HTTP/1.1',
    'POST /api/push? HTTP/1.1',
    'POST /api/push/ HTTP/1.1',
    'POST /api%2Fpush HTTP/1.1',
    'POST /api/push HTTP/1.1 ',
    ' POST /api/push HTTP/1.1',
    'GET /api/push HTTP/1.1',
    'PUT /api/push HTTP/1.1',
    'CONNECT /api/push HTTP/1.1',
    'POST\t/api/push HTTP/1.1',
    '\r\nPOST /api/push HTTP/1.1',
    '\nPOST /api/push HTTP/1.1',
  ].map((start) => raw([HOST, CL], TEXT, start)),
  request().replaceAll('\r\n', '\n'),
  request().replaceAll('\r\n', '\r'),
  request().replace('\r\n\r\n', '\n\n'),
  request().replace('\r\n\r\n', '\r\n\n'),
  request().replace('\r\n', '\n'),
  request().slice(0, -1),
  `${request()}x`,
  `${request()}\r\n`,
  request(''),
  request('null'),
  request('{"notifications":[]}'),
  request(body('refused')),
  request(body('refused later')),
  request(body('broken')),
  request(body('now')),
  request(body('a', [])),
  request('{"notifications":[{"tokens":["t"],"platform":1,"mesage":"a"}]}'),
  request(`{"notifications":[{"tokens":["t"],"platform":1,"title":"${'x'.repeat(20_000)}"}]}`),
  request(
    body(),
    Array.from({ length: 60 }, (_, index) => `X-Request-Id-${index}: a`),
  ),
  request(body(), [`User-Agent: ${'a'.repeat(3000)}`]),
];

const BITS = [
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  '\0',
  ':',
  ',',
  '0',
  '1',
  'a',
  '\x7f',
  '\xff',
  '\r\n\r\n',
  'chunked',
  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 5\r\n',
];

/** One of them with some changes, mostly in its head. */
export function mutated(random: SeededRandom): string {
  let text = random.pick(SUSPECT);
  for (let changes = random.between(1, 3); changes > 0; changes--) {
    const head = Math.max(1, text.indexOf('\r\n\r\n') + 4);
    const at = random.between(0, random.chance(0.9) ? head : text.length);
    const length = random.chance(0.5) ? 0 : random.between(1, random.chance(0.8) ? 2 : 30);
    text = text.slice(0, at) + (random.chance(0.7) ? random.pick(BITS) : '') + text.slice(at + length);
  }
  return text;
}

/** In one piece mostly, as what is read here comes. */
export function pieces(text: string, random: SeededRandom): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  if (random.chance(0.85) || bytes.length < 2) return [bytes];
  const at = random.between(1, bytes.length - 1);
  return [bytes.subarray(0, at), bytes.subarray(at)];
}
