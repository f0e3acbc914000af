import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { get } from 'node:http';
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

/** Two workers, both of which serve. */
async function startWorkers(core: object = {}): Promise<RunningRelay> {
  const relay = await startRelay({ core: { processes: 2, ...core }, log: { access_level: 'info' } });
  await until(() => relay.output().includes('2 workers serve'));
  return relay;
}

const areReplaced = (relay: RunningRelay, before: readonly number[]): boolean => {
  const now = workers(relay);
  return now.length === 2 && now.every((pid) => !before.includes(pid));
};

/** Paths of the files that a process has open (Linux); none of one that has ended. */
function openFilesOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

const ticksOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ').slice(13, 15).join();
  } catch {
    return 'gone';
  }
};

/** It has computed nothing for a moment, or has ended (Linux). */
async function standsStill(pid: number): Promise<boolean> {
  const before = ticksOf(pid);
  await sleep(300);
  return ticksOf(pid) === before;
}

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

test('SIGUSR2 restarts the workers one at a time: no request fails, no push is lost', needs('linux'), async () => {
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
  await until(() => areReplaced(relay, before));
  rolling = false;
  const { count, bad } = await sent;
  expect(bad).toEqual([]);
  await until(() => relay.sandbox.delivered() === count);
  await until(async () => (await stat(relay)).total_count === count);
});

const hasClosedItsQueue = (pid: number): boolean => !openFilesOf(pid).some((path) => /queue(-\d+)?\.db$/.test(path));

/** The answers of /readyz, one after the other: each worker has its turn. */
async function answersInTurn(relay: RunningRelay, wanted: readonly number[]): Promise<void> {
  const last: number[] = [];
  await until(async () => {
    last.push((await fetch(`${relay.url}/readyz`, { headers: { connection: 'close' } })).status);
    return last.slice(-wanted.length).join() === wanted.join();
  }, `workers answer ${wanted}`);
}

test('a connection that is handed to a worker while it ends is answered by another', needs('linux'), async () => {
  await using relay = await startWorkers({ shutdown_delay: 5 });
  const before = workers(relay);
  relay.child.kill('SIGUSR2');
  // The one that is ending has the next turn.
  await answersInTurn(relay, [503, 200, 200]);
  // The primary hands this connection out before it hears that the worker takes none.
  relay.child.kill('SIGSTOP');
  const status = pushMany(relay, 1, 'late');
  await until(() => before.some(hasClosedItsQueue), 'its server is closed');
  const ending = before.find(hasClosedItsQueue) as number;
  await until(() => standsStill(ending), 'it waits for the primary, or has ended');
  relay.child.kill('SIGCONT');
  expect(await status).toEqual([200]);
});

test(
  'a worker that is killed with a connection on its way to it is replaced, and the connection is closed',
  needs('linux'),
  async () => {
    await using relay = await startWorkers();
    const [victim = 0] = workers(relay);
    process.kill(victim, 'SIGSTOP');
    let answered = 0;
    // On connections of their own: one that fetch has kept may lead to the worker that stands still.
    const answers = Array.from({ length: 6 }, () =>
      once(get(`${relay.url}/healthz`, { agent: false }), 'response').then(
        ([response]) => {
          response.resume();
          answered++;
        },
        () => 'cut off',
      ),
    );
    await until(() => answered === 5, 'the other worker has answered the others');
    process.kill(victim, 'SIGKILL');
    expect(await Promise.all(answers)).toContain('cut off');
    await until(() => workers(relay).length === 2 && !workers(relay).includes(victim));
    relay.child.kill('SIGTERM');
    expect(await relay.ended()).toBe(0);
  },
);

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
