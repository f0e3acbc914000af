import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startTenantProviders } from '../apps/tenant-providers.ts';
import { needs } from '../support/needs.ts';
import { until } from '../support/until.ts';
import { folderWith } from '../tls/tls-kit.ts';
import { type RunningRelay, startRelay } from './running-relay.ts';

/** Process ids of the children of a process (Linux). */
const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return new RegExp(`^\\d+ \\(.*\\) \\w ${pid} `).test(readFileSync(`/proc/${name}/stat`, 'utf8'));
      } catch {
        return false;
      }
    })
    .map(Number);

const workers = (relay: RunningRelay): number[] => childrenOf(relay.child.pid as number);

interface Stat {
  readonly total_count: number;
  readonly ios: { readonly push_success: number };
}

/** On a connection of its own, as pushes are: one that was kept belongs to a worker that may have ended meanwhile. */
async function stat(relay: RunningRelay): Promise<Stat> {
  const headers = { connection: 'close' };
  return (await (await fetch(`${relay.url}/api/stat/app`, { headers })).json()) as Stat;
}

/** Each on a connection of its own, so that every worker gets some. */
async function pushMany(relay: RunningRelay, count: number, prefix: string): Promise<number[]> {
  const body = (i: number) =>
    JSON.stringify({ notifications: [{ platform: 1, tokens: [`${prefix}${i}`], message: 'x' }] });
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const headers = { connection: 'close' };
      return (await fetch(`${relay.url}/api/push`, { method: 'POST', headers, body: body(i) })).status;
    }),
  );
}

test('several workers share the port, and what they count is told as one', needs('linux'), async () => {
  await using relay = await startRelay({ core: { processes: 2 } });
  expect(workers(relay)).toHaveLength(2);
  expect(new Set(await pushMany(relay, 60, 'a'))).toEqual(new Set([200]));
  await until(() => relay.sandbox.delivered() === 60);
  await until(async () => (await stat(relay)).ios.push_success === 60);
  expect((await stat(relay)).total_count).toBe(60);
  const metrics = await (await fetch(`${relay.url}/metrics`)).text();
  expect(metrics).toMatch(/^gorush_ios_success 60$/m);
  expect(metrics).toMatch(/^martlet_pushes_total\{.*outcome="accepted".*\} 60$/m);
  expect(metrics).toMatch(/^martlet_build_info\{.*\} 1$/m);
});

test('a worker that is killed is replaced, and its counts stay in the sum', needs('linux'), async () => {
  await using relay = await startRelay({ core: { processes: 2 } });
  await pushMany(relay, 40, 'b');
  await until(async () => (await stat(relay)).ios.push_success === 40);
  await sleep(600);
  const [victim] = workers(relay) as [number];
  process.kill(victim, 'SIGKILL');
  await until(() => workers(relay).length === 2 && !workers(relay).includes(victim));
  await until(async () => (await pushMany(relay, 10, 'c')).every((status) => status === 200));
  await until(async () => (await stat(relay)).ios.push_success >= 50);
  const { total_count, ios } = await stat(relay);
  expect(ios.push_success).toBe(total_count);
});

// In some runs on a busy machine a request hangs after the restart; why is not known yet.
const again = { ...needs('linux'), retry: 2, timeout: 60_000 };

test('SIGUSR2 restarts the workers one at a time: no request fails, no push is lost', again, async () => {
  await using relay = await startRelay({ core: { processes: 2 } });
  const before = workers(relay);
  let rolling = true;
  const sent = (async () => {
    let count = 0;
    const bad: number[] = [];
    for (let round = 0; rolling; round++) {
      const statuses = await pushMany(relay, 5, `r${round}-`);
      bad.push(...statuses.filter((status) => status !== 200));
      count += statuses.length;
    }
    return { count, bad };
  })();
  relay.child.kill('SIGUSR2');
  await until(() => workers(relay).length === 2 && workers(relay).every((pid) => !before.includes(pid)));
  rolling = false;
  const { count, bad } = await sent;
  expect(bad).toEqual([]);
  await until(() => relay.sandbox.delivered() === count);
  await until(async () => (await stat(relay)).total_count === count);
});

test('SIGTERM drains all workers and ends with 0', needs('linux'), async () => {
  await using relay = await startRelay({ core: { processes: 2 } });
  await pushMany(relay, 20, 'd');
  relay.child.kill('SIGTERM');
  expect(await relay.ended()).toBe(0);
  expect(relay.sandbox.delivered()).toBe(20);
});

test('all workers send the same provider token: Apple counts renewals of a key', needs('linux'), async () => {
  const providers = await startTenantProviders();
  onTestFinished(() => providers.close());
  const { ios } = providers.tenant('main').settings;
  const folder = folderWith({ 'both.pem': providers.ca });
  await using relay = await startRelay({
    core: { processes: 2, ca_path: join(folder, 'both.pem') },
    ios: { ...ios, key_path: '', endpoint: providers.origin, sandbox_endpoint: providers.origin },
  });
  expect(new Set(await pushMany(relay, 60, 'a'))).toEqual(new Set([200]));
  await until(() => providers.seen.length === 60);
  expect(new Set(providers.seen.map(({ by }) => by))).toEqual(new Set(['main']));
  expect(new Set(providers.seen.map(({ authorization }) => authorization)).size).toBe(1);
  await until(async () => (await stat(relay)).ios.push_success === 60);
});
