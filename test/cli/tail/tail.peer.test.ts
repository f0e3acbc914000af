import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startRelay } from '../../e2e/running-relay.ts';

const LAUNCHER = fileURLToPath(new URL('../../../bin/martlet', import.meta.url));

const sh = (script: string): Promise<string> =>
  new Promise((resolve) => {
    execFile('sh', ['-c', script], (error, stdout, stderr) => resolve(`${error?.code ?? 0} ${stdout}${stderr}`));
  });

test('martlet tail ends with its reader, and with 0 when it is stopped', async () => {
  await using relay = await startRelay();
  const push = () => relay.push({ platform: 1, tokens: ['ab'.repeat(32)], topic: 'com.example.app', notif_id: 'n1' });
  await push();
  const pushing = setInterval(() => void push(), 100);
  try {
    expect(await sh(`${LAUNCHER} tail --url ${relay.url} | head -1`)).toMatch(/^0 \S+ {2}delivered {2}ios .* n1\n$/);
  } finally {
    clearInterval(pushing);
  }
  const stopping = `${LAUNCHER} tail --url ${relay.url} > out & pid=$!; until [ -s out ]; do sleep 0.1; done; kill -INT $pid; wait $pid; echo ended with $?`;
  expect(await sh(`cd ${relay.folder}; ${stopping}`)).toBe('0 ended with 0\n');
});
