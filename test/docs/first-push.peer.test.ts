import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { listening } from '../support/listening.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const data = mkdtempSync(join(tmpdir(), 'martlet-docs-'));
const page = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8');

/** What a reader pastes: the curl lines of the page's `sh` blocks. */
const curlLines = (name: string): string[] =>
  [...page(name).matchAll(/^```sh\n(.*?)^```$/gms)]
    .flatMap(([, block]) => (block as string).split('\n'))
    .filter((line) => line.startsWith('curl '));

let relay: ChildProcess;
let port = 0;

beforeAll(async () => {
  port = await freePort();
  const env = {
    ...process.env,
    GORUSH_CORE_PORT: String(port),
    GORUSH_CORE_ADDRESS: '127.0.0.1',
    MARTLET_QUEUE_LOCAL_PATH: join(data, 'queue.db'),
  };
  relay = spawn(process.execPath, [join(root, 'src/main.ts'), '-c', join(root, 'config.yml')], {
    cwd: data,
    env,
    stdio: 'ignore',
  });
  await until(() => listening(port));
});

afterAll(() => {
  relay.kill('SIGKILL');
  rmSync(data, { recursive: true, force: true });
});

const paste = async (line: string): Promise<Record<string, unknown>> => {
  const { stdout } = await run('sh', [
    '-c',
    line.replace('curl ', 'curl -s ').replaceAll('localhost:8088', `127.0.0.1:${port}`),
  ]);
  return JSON.parse(stdout) as Record<string, unknown>;
};

test('the lines of docs/first-push.md do what the page says', async () => {
  const [send, deliveries, fail, explain] = curlLines('first-push.md');
  expect(await paste(send as string)).toMatchObject({ success: 'ok', counts: 1 });
  await expect
    .poll(() => paste(deliveries as string))
    .toMatchObject({
      deliveries: [{ target: 'my-first-token', title: 'Hello', body: 'from the sandbox' }],
    });
  expect(await paste(fail as string)).toMatchObject({ success: 'ok', counts: 1 });
  await expect
    .poll(() => paste(explain as string))
    .toMatchObject({
      pushes: [
        { status: 'failed', events: expect.arrayContaining([expect.objectContaining({ reason: 'UNREGISTERED' })]) },
      ],
    });
});

test('the line of docs/notification.md sends a push', async () => {
  for (const line of curlLines('notification.md'))
    expect(await paste(line)).toMatchObject({ success: 'ok', counts: 1 });
  expect(curlLines('notification.md')).toHaveLength(1);
});
