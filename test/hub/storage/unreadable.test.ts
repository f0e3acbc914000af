import { expect, test } from 'vitest';
import { auditName } from '../../../src/hub/storage/audit.ts';
import { hubSeal } from '../../../src/hub/storage/hub-seal.ts';
import {
  readable,
  readableOf,
  readablePage,
  SPOILT,
  spoiltOr,
  tellingSeal,
  UnreadableError,
} from '../../../src/hub/storage/unreadable.ts';

const inner = hubSeal({ data: Buffer.alloc(32, 1), hash: Buffer.alloc(32, 2) });
const mistake = (): never => {
  throw new TypeError('a mistake');
};
const spoilt = (): never => {
  throw new UnreadableError();
};

test('what cannot be opened is told once, by its kind and the name that the audit has for it', () => {
  const told: string[] = [];
  const seal = tellingSeal(inner, { unreadable: (kind, name) => told.push(`${kind} ${name}`) });
  const bounds = [
    ...['device:["shop","phone-1"]', 'device:["shop","phone-1"]', 'user:["shop","ada"]', 'task:["shop","t1"]'],
    ...['notification:shop:n1', 'former:["shop","ada","hash"]', 'stream:shop', 'opt-out link'],
  ];
  for (const bound of bounds) expect(readable(() => seal.open('1.damaged', bound))).toBeUndefined();
  expect(told).toEqual([
    `device ${auditName(inner, 'shop', 'device:phone-1')}`,
    `user ${auditName(inner, 'shop', 'user:ada')}`,
    'task task:t1',
    'notification notification:n1',
    expect.stringMatching(/^former former#[\w-]{43}$/),
    expect.stringMatching(/^stream stream#[\w-]{43}$/),
  ]);
  expect(told.join()).not.toMatch(/ada|phone-1/);
  expect(seal.open(seal.seal('text', 'user:["shop","ada"]'), 'user:["shop","ada"]')).toBe('text');
});

test('a mistake is none of it', async () => {
  expect(() => readable(mistake)).toThrow('a mistake');
  await expect(spoiltOr(Promise.reject(new TypeError('a mistake')))).rejects.toThrow('a mistake');
  await expect(spoiltOr(Promise.reject(new UnreadableError()))).resolves.toBe(SPOILT);
  expect(readableOf([1, 2, 3], (row) => (row === 2 ? spoilt() : row))).toEqual([1, 3]);
});

test.each([
  ['every second one', (row: number) => row % 2 === 0, [1, 3, 5, 7]],
  ['the first ones', (row: number) => row < 7, [7, 8, 9, 10]],
  ['all of them', () => true, []],
  ['none', () => false, [1, 2, 3, 4]],
])('a page is full where there are enough, also if %s cannot be read', async (_, isSpoilt, expected) => {
  const rows = Array.from({ length: 12 }, (_each, index) => index + 1);
  const asked: number[] = [];
  const { found, isCut } = await readablePage(
    4,
    async (after: number | undefined, limit) => {
      asked.push(limit);
      return rows.filter((row) => row > (after ?? 0)).slice(0, limit);
    },
    String,
    (row) => (isSpoilt(row) ? spoilt() : row),
  );
  expect(found).toEqual(expected);
  expect(isCut).toBe(false);
  expect(asked.length).toBeLessThan(6);
});
