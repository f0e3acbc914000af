import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchFiles } from '../../../src/kit/files/watch-files.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched(results: boolean[]) {
  const file = join(mkdtempSync(join(tmpdir(), 'martlet-watch-')), 'key.pem');
  writeFileSync(file, 'one');
  const looks: number[] = [];
  let look = 0;
  const watch = watchFiles([file], 1000, () => {
    looks.push(look);
    return results.shift() ?? true;
  });
  const pass = (count: number): void => {
    for (let i = 0; i < count; i++) {
      look++;
      vi.advanceTimersByTime(1000);
    }
  };
  return { file, watch, looks, pass };
}

test('a change is taken over once, after two looks that found the same', () => {
  const { file, watch, looks, pass } = watched([]);
  pass(2);
  writeFileSync(file, 'another');
  pass(10);
  expect(looks).toEqual([4]);
  watch.close();
});

test('a change that could not be taken over is tried again, at growing distances, until it can', () => {
  const { file, watch, looks, pass } = watched([false, false, false, true]);
  writeFileSync(file, 'another');
  pass(60);
  expect(looks).toEqual([2, 3, 5, 9]);
  watch.close();
});

test('what changes meanwhile is looked at without waiting', () => {
  const { file, watch, looks, pass } = watched(new Array(20).fill(false));
  writeFileSync(file, 'another');
  pass(20);
  writeFileSync(file, 'a third one');
  pass(2);
  expect(looks).toEqual([2, 3, 5, 9, 17, 22]);
  watch.close();
});
