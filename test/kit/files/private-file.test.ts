import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makePrivateFile } from '../../../src/kit/files/private-file.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'martlet-private-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test('a file is made, with its folder, for its owner only', () => {
  const path = join(folder(), 'data', 'queue.db');
  makePrivateFile(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a file that is there stays as it is', () => {
  const path = join(folder(), 'queue.db');
  writeFileSync(path, 'kept', { mode: 0o640 });
  makePrivateFile(path);
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(readFileSync(path, 'utf8')).toBe('kept');
});
