import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { targetKey } from '../../../src/observe/history/target-key.ts';

test('processes that start at the same time agree', () => {
  const folder = mkdtempSync(join(tmpdir(), 'history-key-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'history.db');
  const module = new URL('../../../src/observe/history/target-key.ts', import.meta.url).pathname;
  const script = `import { targetKey } from ${JSON.stringify(module)}; console.log(targetKey(process.argv[1]))`;
  const one = `"${process.execPath}" --input-type=module -e '${script}' "${path}"`;
  const { stdout } = spawnSync('sh', ['-c', `for i in 1 2 3 4; do ${one} & done; wait`], { encoding: 'utf8' });
  const keys = stdout.trim().split('\n');
  expect(keys).toHaveLength(4);
  expect(new Set(keys)).toEqual(new Set([targetKey(path)]));
});
