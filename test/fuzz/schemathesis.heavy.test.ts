import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type SandboxedRelay, startSandboxedRelay } from '../api/openapi/sandboxed-relay.ts';
import { needs } from '../support/needs.ts';

/**
 * Not what Gorush does: it answers 404 to other methods, and Go takes what JSON Schema does not allow (a name in another case,
 * unknown fields) and refuses what it cannot say (31 February).
 */
const NOT_GORUSH = ['unsupported_method', 'negative_data_rejection', 'positive_data_acceptance'];

/** With every route. */
const HUB = { enabled: true, path: '', test_endpoint: true };

/** Of a gateway with push by namespaces: 502 says that a push failed for good. */
const CONFIG = `
[[operations]]
include-operation-id = ["pushToUser", "pushToTopic", "testPush"]
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", 502]
`;

function schemathesis(
  url: string,
  cwd: string,
  examples: number,
  headers: readonly string[] = [],
): Promise<{ code: number; output: string }> {
  const args = [
    ['run', `${url}/openapi.json`],
    ['--checks', 'all', '--exclude-checks', NOT_GORUSH.join()],
    ['--phases', 'examples,coverage,fuzzing', '--max-examples', String(examples)],
    ['--seed', '1', '--no-color', '--suppress-health-check', 'all', '--generation-database', 'none'],
    // What they answer does not end, or waits for news: it would wait with them.
    ['--exclude-operation-id', 'consoleEvents'],
    ['--exclude-operation-id', 'openStream'],
    ['--exclude-operation-id', 'pollStream'],
    // It cannot write NDJSON.
    ['--exclude-operation-id', 'importDevices'],
    headers.flatMap((header) => ['--header', header]),
  ];
  return new Promise((resolve) => {
    const child = execFile('schemathesis', args.flat(), { cwd, maxBuffer: 2 ** 26 }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}

async function findsNothing(relay: SandboxedRelay, examples: number, headers?: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-schemathesis-'));
  writeFileSync(join(folder, 'schemathesis.toml'), CONFIG);
  const { code, output } = await schemathesis(relay.url, folder, examples, headers);
  rmSync(folder, { recursive: true, force: true });
  expect(code, output).toBe(0);
  expect(relay.errors()).not.toMatch(/a request failed/);
}

/** Nearly all of it is schemathesis' own work, one request after another. */
const LIMIT = { timeout: 900_000 };

test('schemathesis finds nothing that the description does not tell of', {
  ...needs('schemathesis'),
  ...LIMIT,
}, async () => {
  await using relay = await startSandboxedRelay({ hub: HUB });
  await findsNothing(relay, 15);
});

test('nor with a key, and no way around it', { ...needs('schemathesis'), ...LIMIT }, async () => {
  const sha256 = createHash('sha256').update('boss-key').digest('hex');
  // It tries many wrong keys, and shall not be locked out for that.
  const auth = { keys: { boss: { sha256, scopes: ['admin'] } }, max_failures: 0 };
  await using relay = await startSandboxedRelay({ auth, hub: HUB }, { 'x-api-key': 'boss-key' });
  await findsNothing(relay, 10, ['Authorization: Bearer boss-key']);
});
