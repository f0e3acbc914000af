import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

test('a command whose output nothing reads to its end ends as it would', async () => {
  const child = spawn('node', [MAIN, 'check', '-c', fileURLToPath(new URL('../../config.yml', import.meta.url))]);
  child.stdout.destroy();
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(said).toBe('');
  expect(code).toBe(0);
});
