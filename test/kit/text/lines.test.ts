import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Line, linesOf } from '../../../src/kit/text/lines.ts';

async function* chunked(chunks: readonly Uint8Array[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

async function read(chunks: readonly Uint8Array[], most: number): Promise<(readonly [number, string | undefined])[]> {
  const lines: Line[] = [];
  for await (const part of linesOf(chunked(chunks), most)) lines.push(...part);
  return lines.map(({ number, bytes }) => [number, bytes?.toString()]);
}

test('lines end with LF or CRLF, the last may lack its end, empty ones are counted', async () => {
  expect(await read([Buffer.from('a\r\n\n\r\nbc\nd')], 10)).toEqual([
    [1, 'a'],
    [4, 'bc'],
    [5, 'd'],
  ]);
  expect(await read([], 10)).toEqual([]);
  expect(await read([Buffer.from('\n')], 10)).toEqual([]);
});

test('a line that is too long is told, and those after it are read', async () => {
  expect(
    await read([Buffer.from('123\n'), Buffer.from('12'), Buffer.from('34'), Buffer.from('56\nab\n12345')], 3),
  ).toEqual([
    [1, '123'],
    [2, undefined],
    [3, 'ab'],
    [4, undefined],
  ]);
});

test('however a text is cut into chunks, its lines are the same', async () => {
  const text = fc
    .array(fc.constantFrom('a', 'bb', '\n', '\r\n', 'ü', 'cccc'), { maxLength: 40 })
    .map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(60)), async (whole, cuts) => {
      const bytes = Buffer.from(whole);
      const places = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, at) => bytes.subarray(places[at], end));
      const wanted = whole.split('\n').map((line, at) => [at + 1, line.replace(/\r$/, '')] as const);
      const short = wanted
        .filter(([, line]) => line !== '')
        .map(([number, line]) => [number, Buffer.byteLength(line) > 6 ? undefined : line]);
      const found = await read(chunks, 7);
      expect(
        found.map(([number, line]) => [number, line !== undefined && Buffer.byteLength(line) > 6 ? undefined : line]),
      ).toEqual(short);
    }),
    { seed: 7 },
  );
});
