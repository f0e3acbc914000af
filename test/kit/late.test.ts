import { expect, test } from 'vitest';
import { late, lateSync, NotLoadedError } from '../../src/kit/late.ts';

const full = (): never => {
  throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
};

test('what could not be loaded is tried again by the next one who asks, and loaded once', async () => {
  let tries = 0;
  const library = late('library', async () => (++tries < 3 ? full() : { tries }));
  await expect(library()).rejects.toThrow(NotLoadedError);
  await expect(library()).rejects.toThrow('library could not be loaded: too many open files');
  expect(await Promise.all([library(), library()])).toEqual([{ tries: 3 }, { tries: 3 }]);
  expect(tries).toBe(3);
});

test('those who ask while it is being loaded share one try, also one that fails', async () => {
  let tries = 0;
  const library = late('library', async () => {
    tries++;
    return full();
  });
  const asked = await Promise.allSettled([library(), library()]);
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(tries).toBe(1);
});

test('the same holds for what is loaded synchronously', () => {
  let tries = 0;
  const library = lateSync('library', () => (++tries < 2 ? full() : tries));
  expect(library).toThrow(NotLoadedError);
  expect([library(), library()]).toEqual([2, 2]);
});
