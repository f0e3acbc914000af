import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Reserve } from '../../../src/queue/file/reserve.ts';

const folders: string[] = [];

function queuePath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-reserve-'));
  folders.push(folder);
  return join(folder, 'queue.db');
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

test('holds real room beside the queue file, gives it back, and takes it again', () => {
  const path = queuePath();
  const reserve = new Reserve(path);
  expect(reserve.isHeld).toBe(true);
  expect(statSync(`${path}-reserve`).blocks * 512).toBeGreaterThanOrEqual(reserve.size);
  reserve.release();
  expect(existsSync(`${path}-reserve`)).toBe(false);
  expect(reserve.take()).toBe(true);
  expect(statSync(`${path}-reserve`).size).toBe(reserve.size);
});

test('no block of it is like another, which a file system might store once', () => {
  const path = queuePath();
  const { size } = new Reserve(path);
  const bytes = readFileSync(`${path}-reserve`);
  const blocks = Array.from({ length: size / 4096 }, (_, at) => bytes.toString('latin1', at * 4096, (at + 1) * 4096));
  expect(new Set(blocks).size).toBe(blocks.length);
});

test('what an earlier process held is held again', () => {
  const path = queuePath();
  const { size } = new Reserve(path);
  expect(new Reserve(path)).toMatchObject({ size, isHeld: true });
});

test('the log of changes may never need more room than the reserve has', () => {
  const reserve = new Reserve(queuePath());
  expect(reserve.checkpointPages * 4096 * 2).toBeLessThanOrEqual(reserve.size);
  expect(reserve.checkpointPages).toBeLessThanOrEqual(1000);
});

test('a disk that takes nothing back, not even the reserve, is full and ends nothing', () => {
  const path = queuePath();
  // A folder cannot be written, nor removed as a file is.
  mkdirSync(join(`${path}-reserve`, 'x'), { recursive: true });
  const reserve = new Reserve(path);
  expect(reserve.isHeld).toBe(false);
  reserve.release();
  expect(reserve.isDiskFull).toBe(true);
});

test('a disk that does not answer has no room', () => {
  const path = queuePath();
  const reserve = new Reserve(path);
  rmSync(dirname(path), { recursive: true });
  reserve.look();
  expect(reserve.hasRoomFor(1)).toBe(false);
  expect(reserve.isDiskFull).toBe(true);
});
