import { expect, test } from 'vitest';
import { type DigestPart, togetherTold, wayKey } from '../../../../src/hub/sends/digests/digest-ways.ts';

const MAIL = { channel: 'email' };
const ONE = { channel: 'push', device: 'd1' };
const TWO = { channel: 'push', device: 'd2' };

const part = (id: string, ways: DigestPart['ways'], kept: readonly object[] = ways): DigestPart =>
  ({ notification: { id }, ways, kept: kept.map((row) => ({ device: '', notification: id, ...row })) }) as never;

const told = (parts: readonly DigestPart[]) =>
  togetherTold(parts).map(({ ways, parts: some, rows }) => [
    ways.map(wayKey),
    some.map(({ notification: { id } }) => id),
    rows.map((row) => `${row.notification} ${wayKey(row)}`),
  ]);

test('ways that tell of the same are together', () => {
  expect(told([part('a', [MAIL, ONE]), part('b', [MAIL, ONE])])).toEqual([
    [
      ['email ', 'push d1'],
      ['a', 'b'],
      ['a email ', 'a push d1', 'b email ', 'b push d1'],
    ],
  ]);
});

test('ways that do not are apart, and each item ends by those that tell of it', () => {
  expect(told([part('a', [MAIL]), part('b', [MAIL, ONE, TWO]), part('c', [TWO])])).toEqual([
    [['email '], ['a', 'b'], ['a email ', 'b email ']],
    [['push d1'], ['b'], ['b push d1']],
    [['push d2'], ['b', 'c'], ['b push d2', 'c push d2']],
  ]);
});

test('what was collected for a device that is gone ends with one other of the person, and with no other way', () => {
  const gone = part('a', [ONE, TWO], [{ channel: 'push', device: 'old' }]);
  expect(told([gone, part('b', [TWO])])).toEqual([
    [['push d1'], ['a'], ['a push old']],
    [['push d2'], ['a', 'b'], ['b push d2']],
  ]);
});

test('nothing is told of nothing', () => {
  expect(told([])).toEqual([]);
});
