import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startSandboxedRelay } from '../api/openapi/sandboxed-relay.ts';

/** https://schemathesis.io: a fuzzer of its own mind about what a description allows. `pip install schemathesis`. */
const hasSchemathesis = spawnSync('schemathesis', ['--version']).status === 0;
if (!hasSchemathesis) console.log('skipped: no schemathesis on the path (pip install schemathesis)');

/**
 * Not what Gorush does: it answers 404 to other methods, and Go takes what JSON Schema does not allow (a name in another case,
 * unknown fields) and refuses what it cannot say (31 February).
 */
const NOT_GORUSH = ['unsupported_method', 'negative_data_rejection', 'positive_data_acceptance'];

function schemathesis(url: string, cwd: string): Promise<{ code: number; output: string }> {
  const args = [
    ['run', `${url}/openapi.json`],
    ['--checks', 'all', '--exclude-checks', NOT_GORUSH.join()],
    ['--phases', 'examples,coverage,fuzzing', '--max-examples', '60'],
    ['--seed', '1', '--no-color', '--suppress-health-check', 'all', '--generation-database', 'none'],
  ];
  return new Promise((resolve) => {
    const child = execFile('schemathesis', args.flat(), { cwd, maxBuffer: 2 ** 26 }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}

test.skipIf(!hasSchemathesis)('schemathesis finds nothing that the description does not tell of', async () => {
  await using relay = await startSandboxedRelay();
  const folder = mkdtempSync(join(tmpdir(), 'martlet-schemathesis-'));
  const { code, output } = await schemathesis(relay.url, folder);
  rmSync(folder, { recursive: true, force: true });
  expect(code, output).toBe(0);
  expect(relay.errors()).not.toMatch(/a request failed/);
});
