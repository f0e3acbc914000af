import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { drained } from '../../../src/kit/http/drained.ts';

/** A stream that takes nothing until it is told. */
function slow() {
  let take = (_error?: Error): void => {};
  const stream = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => (take = done) });
  return { stream, take: (error?: Error) => take(error) };
}

const listeners = (stream: Writable): number =>
  ['drain', 'close', 'error'].reduce((sum, name) => sum + stream.listenerCount(name), 0);

test('who waits for a stream a thousand times leaves nothing on it', async () => {
  const { stream, take } = slow();
  const before = listeners(stream);
  for (let piece = 0; piece < 1000; piece++) {
    expect(stream.write('piece')).toBe(false);
    const waiting = drained(stream);
    take();
    await waiting;
  }
  expect(listeners(stream)).toBe(before);
});

test.each([['ends'], ['fails']])('a stream that %s is not waited for', async (what) => {
  const { stream, take } = slow();
  stream.on('error', () => {});
  stream.write('piece');
  const waiting = drained(stream);
  if (what === 'ends') stream.destroy();
  else take(new Error('the disk is full'));
  await waiting;
  expect(listeners(stream)).toBe(1);
});
