import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { openSse } from '../api/hub/streams/sse-client.ts';

/** The example as its README starts it in a checkout, on a free port. */
async function startExample(file: string): Promise<{ url: string; end(signal: NodeJS.Signals): Promise<unknown> }> {
  const args = ['--conditions=martlet-source', 'examples/live-notifications/server.js', '0', file];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  onTestFinished(() => void child.kill('SIGKILL'));
  const [url] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error(`it ended: ${errors}`))),
  ]);
  return {
    url,
    async end(signal) {
      child.kill(signal);
      const [code] = await once(child, 'exit');
      return code;
    },
  };
}

test('the example server streams what is pushed; over a kill each reader has all, once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-live-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'notify.db');
  const first = await startExample(file);
  const push = async (url: string, payload: number): Promise<unknown> => {
    const body = JSON.stringify({ users: ['ada', 'bob'], type: 'test', payload });
    return (await fetch(`${url}/push`, { method: 'POST', body })).json();
  };
  const read = await openSse(`${first.url}/stream?user=ada`);
  for (const payload of [1, 2, 3]) expect(await push(first.url, payload)).toEqual({ kept: 2, failed: 0 });
  await read.has(3);
  await first.end('SIGKILL');
  const second = await startExample(file);
  await push(second.url, 4);
  const again = await openSse(`${second.url}/stream?user=ada`, { 'Last-Event-ID': read.ids[1] as string });
  await again.has(2);
  const all = await openSse(`${second.url}/stream?user=bob`, { 'Last-Event-ID': 'earliest' });
  await all.has(4);
  expect([read, again, all].map(({ events }) => events.map(({ data }) => Number(data)))).toEqual([
    [1, 2, 3],
    [3, 4],
    [1, 2, 3, 4],
  ]);
  expect(await second.end('SIGTERM')).toBe(0);
});
