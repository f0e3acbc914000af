import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { folderWith } from '../tls/tls-kit.ts';
import { runMartlet } from './run-martlet.ts';

const MODULE = new URL('../../src/cli/heap-growth.ts', import.meta.url).href;

/** Keeps 40 MB alive, and makes 1 GB that lives for a little longer than the young generation. Prints the most that it used, in hundredths of that. */
const CHURN = `
import { growHeapLess } from '${MODULE}';
if (process.argv[1] !== 'as it is') growHeapLess();
const kept = Array.from({ length: 40 }, () => new Array(131_072).fill({}));
globalThis.gc();
const alive = process.memoryUsage().heapUsed;
const late = [];
let most = 0;
for (let at = 0; at < 10_000; at++) {
  late.push(Array.from({ length: 1600 }, (_, index) => ({ at, index })));
  if (late.length > 160) late.shift();
  if (at % 50 === 0) most = Math.max(most, process.memoryUsage().heapUsed);
}
console.log(Math.round((most * 100) / alive), kept.length);
`;

const churn = async (flags: readonly string[], how: string): Promise<number> => {
  const args = [...flags, '--max-semi-space-size=8', '--expose-gc', '--input-type=module', '-e', CHURN, how];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return Number.parseInt(stdout, 10);
};

describe('a process whose heap grows less', () => {
  test('collects its garbage when the heap is twice what is alive', async () => {
    const [usual, less] = await Promise.all([churn([], 'as it is'), churn([], 'less')]);
    expect(usual).toBeGreaterThan(less * 1.4);
  });

  test('keeps to a flag of its command line', async () => {
    expect(await churn(['--heap_growing_percent=400'], 'less')).toBeGreaterThan((await churn([], 'less')) * 1.4);
  });
});

test.each([true, false])('serving does so, with hub.enabled: %s', async (enabled) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as AddressInfo;
  const cwd = folderWith({
    'config.yml': `sandbox: {enabled: true}\ncore: {address: "127.0.0.1", port: "${port}"}\nqueue: {local: {path: ""}}\nhub: {enabled: ${enabled}, path: ""}`,
    'told.mjs': `import v8 from 'node:v8'; import { syncBuiltinESMExports } from 'node:module';
v8.setFlagsFromString = (flag) => console.error('flag ' + flag); syncBuiltinESMExports();`,
  });
  // It ends by itself, as its port is taken.
  const { stderr } = await runMartlet([], { cwd, env: { NODE_OPTIONS: `--import ${cwd}/told.mjs` } });
  expect(stderr).toContain('is taken by another program');
  expect([...stderr.matchAll(/^flag (.*)$/gm)].map(([, flag]) => flag)).toEqual(['--heap-growing-percent=100']);
});
