import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HpackEncoder } from '../../../src/http2/hpack/hpack-encoder.ts';
import type { RequestHeader } from '../../../src/http2/http2-pool.ts';
import { type Headers, peerDecoder } from './hpack-peer.ts';

const header = fc.record({
  name: fc.constantFrom('authorization', 'apns-topic', 'apns-id', 'content-type', ':path', 'x-a', 'x-b'),
  value: fc.oneof(fc.constantFrom('alert', '10', '/', 'application/json'), fc.string({ maxLength: 80 })),
  indexing: fc.constantFrom('index' as const, 'plain' as const, 'secret' as const),
});

function encoded(encoder: HpackEncoder, headers: readonly RequestHeader[]): Buffer {
  const out: number[] = [];
  encoder.begin(out);
  for (const one of headers) encoder.encode(one, out);
  return Buffer.from(out);
}

const plainPairs = (headers: readonly RequestHeader[]): Headers => headers.map(({ name, value }) => [name, value]);
const asRead = (headers: Headers): Headers =>
  headers.map(([name, value]) => [name, Buffer.from(value, 'latin1').toString()]);

test('another implementation decodes every block, as the table changes size between them', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.array(header, { maxLength: 10 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 50, 100, 500, 4096, 70_000) },
    { weight: 1, arbitrary: fc.constant('forget' as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const encoder = new HpackEncoder();
      const decode = peerDecoder();
      for (const one of steps) {
        if (typeof one === 'number') encoder.limitTable(one);
        else if (one === 'forget') {
          // A block that was written and could not be sent.
          encoded(encoder, [{ name: 'lost', value: 'x', indexing: 'index' }]);
          encoder.forget();
        } else expect(asRead(decode(encoded(encoder, one)))).toEqual(plainPairs(one));
      }
    }),
    { numRuns: 500 },
  );
});

test('indexed headers are entered once and then take a byte each', () => {
  const encoder = new HpackEncoder();
  const headers: RequestHeader[] = [
    { name: 'authorization', value: `bearer ${'x'.repeat(200)}`, indexing: 'index' },
    { name: 'apns-topic', value: 'com.example', indexing: 'index' },
  ];
  expect(encoded(encoder, headers).length).toBeGreaterThan(150);
  const { revision } = encoder;
  expect(encoded(encoder, headers)).toEqual(Buffer.from([0xbf, 0xbe]));
  expect(encoder.revision).toBe(revision);
});

test('plain headers never enter the table, secret ones are marked for intermediaries', () => {
  const encoder = new HpackEncoder();
  const { revision } = encoder;
  expect(encoded(encoder, [{ name: 'a', value: '!', indexing: 'plain' }])[0]).toBe(0x00);
  expect(encoded(encoder, [{ name: 'a', value: '!', indexing: 'secret' }])[0]).toBe(0x10);
  expect(encoder.revision).toBe(revision);
});

test('a header larger than the table does not empty it', () => {
  const encoder = new HpackEncoder();
  const small = { name: 'a', value: 'b', indexing: 'index' as const };
  encoded(encoder, [small]);
  encoded(encoder, [{ name: 'large', value: 'v'.repeat(5000), indexing: 'index' }]);
  expect(encoded(encoder, [small])).toEqual(Buffer.from([0xbe]));
});

test('a table that shrank and grew between two blocks is announced by both sizes', () => {
  const encoder = new HpackEncoder();
  encoder.limitTable(0);
  encoder.limitTable(4096);
  expect(encoded(encoder, [])).toEqual(Buffer.from([0x20, 0x3f, 0xe1, 0x1f]));
  expect(encoded(encoder, [])).toEqual(Buffer.from([]));
});
