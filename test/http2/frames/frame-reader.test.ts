import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader } from '../../../src/http2/frames/frame-reader.ts';
import { rawFrame } from '../raw-peer.ts';

const frames = fc.array(
  fc.record({
    type: fc.integer({ min: 0, max: 255 }),
    flags: fc.integer({ min: 0, max: 255 }),
    id: fc.integer({ min: 0, max: 0x7fff_ffff }),
    payload: fc.uint8Array({ maxLength: 300 }),
  }),
  { maxLength: 20 },
);

test('frames come out whole wherever the chunks are cut', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map((f) => rawFrame(f.type, f.flags, f.id, f.payload)));
      const received: typeof sent = [];
      const reader = new FrameReader({
        onFrame: (type, flags, id, chunk, start, end) =>
          received.push({ type, flags, id, payload: Uint8Array.from(chunk.subarray(start, end)) }),
      });
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = cuts[i % cuts.length] as number;
        reader.read(bytes.subarray(at, at + size));
        at += size;
      }
      expect(received).toEqual(sent);
    }),
  );
});

test('the largest frame, byte by byte', () => {
  let length = 0;
  const reader = new FrameReader({
    onFrame: (_type, _flags, _id, _bytes, start, end) => {
      length = end - start;
    },
  });
  for (const byte of rawFrame(0, 0, 1, Buffer.alloc(16_384))) reader.read(Buffer.from([byte]));
  expect(length).toBe(16_384);
});

test('after stop nothing is handed over', () => {
  let count = 0;
  const reader = new FrameReader({
    onFrame: () => {
      if (++count === 2) reader.stop();
    },
  });
  reader.read(Buffer.concat(Array(5).fill(rawFrame(6, 0, 0, Buffer.alloc(8)))));
  reader.read(rawFrame(6, 0, 0, Buffer.alloc(8)));
  expect(count).toBe(2);
});
