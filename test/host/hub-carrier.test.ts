import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/host/config/load.ts';
import { createHubCarrier } from '../../src/host/hub-carrier.ts';
import { openRelay } from '../../src/host/open-relay.ts';
import { openSandbox } from '../../src/host/sandbox/sandbox-mode.ts';
import { createLog } from '../../src/observe/log/log.ts';
import { batchOf, Listener } from '../hub/push/carrier-bench.ts';

/** Refused with 503 twice, then taken (docs/sandbox.md). */
const BUSY = `dead0503${'0'.repeat(56)}`;
const FINE = 'a1b2c3d4'.repeat(8);
const DEAD = `dead0410${'0'.repeat(56)}`;

const lines: string[] = [];
const stream = { write: (text: string) => lines.push(text) > 0, on: () => {} };

function configOf(folder: string, backoff: number) {
  const values = {
    sandbox: { enabled: true },
    queue: { local: { path: join(folder, 'queue.db') }, backoff },
    history: { path: '' },
    receipts: { path: '' },
    hub: { enabled: true },
  };
  return loadConfig({ env: {}, cwd: folder, values }).config;
}

const log = createLog(configOf('/', 1).log, { stdout: stream as never, stderr: stream as never });

/** A relay with a hub's carrier, as the server opens them. */
async function open(sandbox: Awaited<ReturnType<typeof openSandbox>>, folder: string, backoff: number) {
  const config = configOf(folder, backoff);
  const closers = new AsyncDisposableStack();
  const parts = createHubCarrier(config.hub.push);
  const heard = new Listener();
  const options = { config: sandbox?.over(config) ?? config, ...sandbox?.parts, version: '0', log, hub: parts.hub };
  const relay = await openRelay(options, closers);
  const carrier = parts.open({ relay, log }, closers);
  carrier.listen(heard);
  const close = (): Promise<void> => closers.disposeAsync();
  onTestFinished(close);
  return { carrier, heard, relay, close };
}

test('the hub sends through the relay of its process, and a push that waits outlives that process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-hub-carrier-'));
  const sandbox = await openSandbox(configOf(folder, 1), log);
  onTestFinished(async () => {
    await sandbox?.close();
    rmSync(folder, { recursive: true });
  });
  const first = await open(sandbox, folder, 3600);
  expect(first.carrier.can('default', 'ios')).toBe(true);
  const notification = { platform: 1, tokens: [FINE, DEAD, BUSY], topic: 'com.example.app', message: 'a secret text' };
  expect(await first.carrier.send([batchOf('b1', [], { notification })])).toEqual([]);
  await expect.poll(() => first.heard.ended.length + first.heard.retries.length).toBe(3);
  expect(first.heard.words.toSorted()).toEqual([`${FINE}: ok`, `${DEAD}: Unregistered`]);
  expect(first.heard.retries).toMatchObject([{ batch: 'b1', targets: [BUSY], failed: { status: 503 } }]);
  await first.close();

  const second = await open(sandbox, folder, 0.01);
  expect(second.carrier.holds('b1')).toBe(true);
  await expect.poll(() => second.heard.words).toEqual([`${BUSY}: ok`]);
  expect(second.heard.asked).toMatchObject([{ batch: 'b1', targets: [BUSY] }, { targets: [BUSY] }]);
  expect(second.carrier.holds('b1')).toBe(false);
  expect(second.relay.queue.depth().notifications).toBe(0);
  for (const token of [FINE, DEAD, BUSY]) expect(lines.join()).not.toContain(token);
});
