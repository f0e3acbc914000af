import fc from 'fast-check';
import { expect, test } from 'vitest';
import { command, FRAME, messageList, NsqFrameReader, readMessage } from '../../../src/queue/nsq/nsq-frames.ts';

function frame(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(data.length + 4, 0);
  head.writeInt32BE(type, 4);
  return Buffer.concat([head, data]);
}

test('frames come out whole, however the bytes arrive', () => {
  const frames = fc.array(fc.tuple(fc.constantFrom(...Object.values(FRAME)), fc.uint8Array({ maxLength: 300 })));
  fc.assert(
    fc.property(frames, fc.array(fc.nat({ max: 40 })), (list, cuts) => {
      const bytes = Buffer.concat(list.map(([type, data]) => frame(type, Buffer.from(data))));
      const reader = new NsqFrameReader();
      const read = [];
      let at = 0;
      for (const cut of cuts) {
        read.push(...reader.push(bytes.subarray(at, at + cut)));
        at += cut;
      }
      read.push(...reader.push(bytes.subarray(at)));
      expect(read.map(({ type, data }) => [type, [...data]])).toEqual(list.map(([type, data]) => [type, [...data]]));
    }),
  );
});

test.each([Buffer.from('HTTP/1.1 400 Bad Request'), Buffer.alloc(8), Buffer.alloc(8, 0xff)])(
  'what is no nsqd is found out',
  (bytes) => {
    expect(() => [...new NsqFrameReader().push(bytes)]).toThrow(/not an nsqd/);
  },
);

test('a message has its time, its attempts, its id and its body', () => {
  const head = Buffer.alloc(10);
  head.writeBigInt64BE(1_700_000_000_123_000_000n, 0);
  head.writeUInt16BE(3, 8);
  const data = Buffer.concat([head, Buffer.from('0123456789abcdefbody')]);
  expect(readMessage(data)).toEqual({
    at: 1_700_000_000_123,
    attempts: 3,
    id: '0123456789abcdef',
    body: Buffer.from('body'),
  });
});

test('commands are written as the protocol says', () => {
  expect(command('RDY 5').toString()).toBe('RDY 5\n');
  expect(command('PUB t', Buffer.from('ab')).toString('latin1')).toBe('PUB t\n\0\0\0\x02ab');
  const list = messageList([Buffer.from('a'), Buffer.from('bc')]);
  expect(list.toString('latin1')).toBe('\0\0\0\x02\0\0\0\x01a\0\0\0\x02bc');
});
