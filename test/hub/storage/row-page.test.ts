import { expect, test } from 'vitest';
import { rowPage } from '../../../src/hub/storage/row-page.ts';

const MB = 2 ** 20;

/** Rows of such sizes, in a list that is read by place. */
function listOf(sizes: readonly number[]) {
  const asked: number[] = [];
  let [at, most] = [0, 0];
  const read = async (after: number | undefined, limit: number): Promise<number[]> => {
    asked.push(limit);
    at = after === undefined ? 0 : after + 1;
    const some = sizes.slice(at, at + limit).map((_, index) => at + index);
    most = Math.max(
      most,
      some.reduce((sum, row) => sum + (sizes[row] as number), 0),
    );
    return some;
  };
  return { read, asked, bytesOf: (row: number) => sizes[row] as number, mostAtOnce: () => most };
}

const open = (row: number): number => row;

test('a page of small rows is full, and read in two questions', async () => {
  const { read, asked, bytesOf } = listOf(Array.from({ length: 5000 }, () => 500));
  const { found, isCut } = await rowPage({ limit: 1001, read, bytesOf, open });
  expect(found).toHaveLength(1001);
  expect(isCut).toBe(false);
  expect(asked).toHaveLength(2);
});

test('a page of large rows ends after four megabytes, and nothing like all of them was read', async () => {
  const { read, asked, bytesOf, mostAtOnce } = listOf(Array.from({ length: 1000 }, () => MB));
  const { found, isCut } = await rowPage({ limit: 1001, read, bytesOf, open });
  expect(found).toEqual([0, 1, 2, 3]);
  expect(isCut).toBe(true);
  expect(asked).toEqual([10]);
  expect(mostAtOnce()).toBe(10 * MB);
});

test('it holds a row that is larger than a page, and the next begins behind it', async () => {
  const { read, bytesOf } = listOf([9 * MB, 1, 9 * MB]);
  const first = await rowPage({ limit: 3, read, bytesOf, open });
  expect(first).toEqual({ found: [0], isCut: true });
  const second = await rowPage({ limit: 3, read: (after, limit) => read(after ?? 0, limit), bytesOf, open });
  expect(second).toEqual({ found: [1], isCut: true });
});

test('rows that are left out make no page empty that is not the last', async () => {
  const { read, bytesOf } = listOf(Array.from({ length: 40 }, () => MB));
  const { found, isCut } = await rowPage({
    ...{ limit: 10, read, bytesOf },
    open: (row) => (row < 30 ? undefined : row),
  });
  expect(found).toEqual([30]);
  expect(isCut).toBe(true);
});
