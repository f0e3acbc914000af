import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keyPath, targetKey } from '../../../src/observe/history/target-key.ts';

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'history-key-')), 'history.db');
});
afterEach(() => rmSync(join(path, '..'), { recursive: true }));

test('is random, in a file of its owner, and the same for each process', () => {
  const key = targetKey(path);
  expect(Buffer.from(key, 'base64')).toHaveLength(32);
  expect(targetKey(path)).toBe(key);
  expect(statSync(keyPath(path)).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(path, '..'))).toEqual(['history.db.key']);
});

test('is made of the master key where there is one, and then in no file', () => {
  const master = Buffer.alloc(32, 7);
  const key = targetKey(path, master);
  expect(targetKey(path, master)).toBe(key);
  expect(targetKey(path, Buffer.alloc(32, 8))).not.toBe(key);
  expect(existsSync(keyPath(path))).toBe(false);
});

test('without a file it is of this process', () => {
  expect(targetKey('')).not.toBe(targetKey(''));
});

test('a file that a power cut left empty is filled; one of something else is not touched', () => {
  writeFileSync(keyPath(path), '');
  const key = targetKey(path);
  expect(readFileSync(keyPath(path), 'utf8')).toBe(`${key}\n`);
  writeFileSync(keyPath(path), 'my notes');
  expect(() => targetKey(path)).toThrow('history.db.key is something else than the key of a history');
  expect(readFileSync(keyPath(path), 'utf8')).toBe('my notes');
});
