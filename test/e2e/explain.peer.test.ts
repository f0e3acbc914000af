import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Explanation } from '../../src/observe/history/history.ts';
import { type RunningRelay, startRelay } from './running-relay.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const hex = (head: string): string => head.repeat(8);

const push = (token: string, more: object = {}) => ({
  platform: 1,
  tokens: [token],
  topic: 'com.example.app',
  message: 'hi',
  ...more,
});

const explanation = async (relay: RunningRelay, id: string): Promise<Explanation> =>
  (await (await fetch(`${relay.url}/v1/pushes/${id}`)).json()) as Explanation;

async function cli(relay: RunningRelay, ...args: string[]): Promise<{ code: number; output: string }> {
  const config = join(relay.folder, 'config.yml');
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, 'explain', ...args, '-c', config], (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    );
  });
}

test('a push that is refused twice and then taken can be explained, over the API and on the command line', async () => {
  await using relay = await startRelay({ queue: { backoff: 0.05 }, ios: { max_retry: 5 } });
  const { body } = await relay.push(push(hex('dead0503'), { notif_id: 'order-42' }));
  const id = String(body.request_id);
  await expect.poll(async () => (await explanation(relay, id)).pushes[0]?.status).toBe('delivered');
  const [told] = (await explanation(relay, 'order-42')).pushes;
  expect(told?.events.map(({ event, attempt, outcome, status }) => [event, attempt, outcome, status])).toEqual([
    ['received', undefined, undefined, undefined],
    ['queued', undefined, undefined, undefined],
    ['attempt', 1, 'retried', 503],
    ['attempt', 2, 'retried', 503],
    ['attempt', 3, 'delivered', undefined],
  ]);
  expect(told?.events[4]?.targets).toEqual([{ token: 'dead05…0503', provider_id: expect.any(String) }]);
  const { code, output } = await cli(relay, id);
  expect(code).toBe(0);
  expect(output).toContain(`${id}  delivered: 1 delivered, 0 failed, 0 waiting`);
  expect(output).toContain('attempt 1 dead05…0503: 503 ServiceUnavailable (apns development, session 1, ');
  expect(await cli(relay, 'nobody-knows')).toMatchObject({
    code: 1,
    output: expect.stringContaining('Nothing is known of this push'),
  });
});

test('a push that waits over a restart has one timeline, and failures are listed with advice', async () => {
  await using relay = await startRelay({
    queue: { backoff: 30, backoff_max: 30 },
    core: { shutdown_timeout: 0.1 },
    ios: { max_retry: 5 },
  });
  const { body } = await relay.push(push(hex('dead1429')));
  const id = String(body.request_id);
  await expect.poll(async () => (await explanation(relay, id)).pushes[0]?.status).toBe('retrying');
  relay.child.kill();
  await relay.ended();
  await relay.restart();
  await relay.push(push(hex('dead0400'), { production: true }));
  await expect.poll(async () => (await explanation(relay, id)).pushes[0]?.events.length).toBeGreaterThan(3);
  const list = () => relay.get('/v1/pushes?status=failed&reason=BadDeviceToken&limit=1');
  await expect.poll(list).toMatchObject({
    pushes: [
      { reason: 'BadDeviceToken', environment: 'production', advice: expect.stringContaining('development: true') },
    ],
  });
  for (const [query, why] of [
    ['status=lost', 'status must be one of failed, delivered, retried.'],
    ['limit=0', 'limit must be a number from 1 to 500.'],
    ['cursor=%21', 'cursor must be a next_cursor of an earlier answer.'],
    ['since=yesterday', 'since must be a time in ISO 8601, or UNIX seconds.'],
    ['app=a&app=b', 'app must be given once.'],
  ])
    expect(await relay.get(`/v1/pushes?${query}`)).toMatchObject({ code: 400, message: why });
});

test('without a history there is nothing to ask', async () => {
  await using relay = await startRelay({ history: { enabled: false } });
  expect((await fetch(`${relay.url}/v1/pushes`)).status).toBe(404);
});
