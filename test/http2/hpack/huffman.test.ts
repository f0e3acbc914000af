import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeHuffman } from '../../../src/http2/hpack/huffman-decoder.ts';
import { encodeHuffman, huffmanLength } from '../../../src/http2/hpack/huffman-encoder.ts';

function encode(text: Uint8Array): Uint8Array {
  const out: number[] = [];
  encodeHuffman(text, out);
  return Uint8Array.from(out);
}

function decode(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length * 2);
  return out.subarray(0, decodeHuffman(bytes, 0, bytes.length, out));
}

test('what is encoded decodes to the same, for all bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (text) => {
      const bytes = encode(text);
      expect(bytes.length).toBe(huffmanLength(text));
      expect(decode(bytes)).toEqual(text);
    }),
  );
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(decode(encode(all))).toEqual(all);
});

test('any bytes either decode to what encodes to them, or are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      let text: Uint8Array;
      try {
        text = decode(bytes);
      } catch (error) {
        expect(error).toMatchObject({ errorName: 'COMPRESSION_ERROR' });
        return;
      }
      expect(encode(text)).toEqual(bytes);
    }),
    { numRuns: 5000 },
  );
});
