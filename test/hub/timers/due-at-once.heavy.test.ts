import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { listening } from '../../support/listening.ts';
import { needs } from '../../support/needs.ts';
import { startPostgres } from '../../support/postgres.ts';
import { until } from '../../support/until.ts';

// npx vitest run --project heavy test/hub/timers: PEOPLE (default 10,000; a tenth of what the hub is made for, which takes as many minutes).
const PEOPLE = Number(process.env.PEOPLE ?? 10_000);
const LINES = 1000;
/** On a machine with nothing else to do all of them are held before that; on another one the last are late, and leave all the same. */
const HELD_MS = 45_000;
/** Different progress that is seen while it answers about its health. */
const STEPS = 20;
const LONGEST_MS = 1_800_000;
const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

interface Relay {
  readonly url: string;
}

/** A process with the sandbox's providers. */
async function startRelay(folder: string, hub: object): Promise<Relay> {
  const port = await freePort();
  const config = join(folder, 'config.yml');
  const sections = {
    sandbox: { enabled: true },
    core: { address: '127.0.0.1', port: String(port), queue_num: 2 * PEOPLE },
    ios: { enabled: true, topic: 'com.example.app' },
    queue: { local: { path: join(folder, 'queue.db') } },
    log: { access_level: 'error', error_level: 'error' },
    hub: { enabled: true, path: join(folder, 'hub.db'), ...hub },
  };
  writeFileSync(config, JSON.stringify(sections));
  const child = spawn(process.execPath, [main, '-c', config], { cwd: folder, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await until(() => listening(port), 'the relay listens');
  return { url: `http://127.0.0.1:${port}` };
}

const json = async <T>(url: string, init?: RequestInit): Promise<T> => (await fetch(url, init)).json() as Promise<T>;

async function importPeople({ url }: Relay): Promise<void> {
  async function* lines() {
    for (let at = 0; at < PEOPLE; at += LINES) {
      const rows = Array.from({ length: LINES }, (_, index) => {
        const token = (at + index).toString(16).padStart(64, '0');
        return `${JSON.stringify({ id: `d${at + index}`, user: `u${at + index}`, platform: 'ios', token })}\n`;
      });
      yield new TextEncoder().encode(rows.join(''));
    }
  }
  const answer = await fetch(`${url}/v1/devices/import`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: ReadableStream.from(lines()),
    duplex: 'half',
  } as RequestInit);
  const last = (await answer.text()).trimEnd().split('\n').at(-1) ?? '';
  expect(JSON.parse(last)).toMatchObject({ imported: PEOPLE, failed: 0 });
}

const accepted = async ({ url }: Relay): Promise<number> =>
  (await json<{ ios: { push_success: number } }>(`${url}/api/stat/app`)).ios.push_success;

interface Notification {
  readonly id: string;
  readonly status: string;
  readonly counts?: Readonly<Record<string, number>>;
}

const newest = async ({ url }: Relay): Promise<Notification | undefined> =>
  (await json<{ notifications: Notification[] }>(`${url}/v1/notifications?limit=1`)).notifications[0];

/** Held until the same moment for everyone but the sandbox's own person. */
async function holdForAll({ url }: Relay): Promise<string> {
  const at = new Date(Date.now() + HELD_MS).toISOString();
  const body = { to: { everyone: true, except: ['ada'] }, mode: 'push_only', message: 'now', send_at: at };
  const { id } = await json<{ id: string }>(`${url}/v1/notifications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return id;
}

/** Asks about health and progress in turn until nothing is to come. @returns the progress that was seen beside answers of /healthz */
async function watch(relay: Relay): Promise<ReadonlySet<number>> {
  const seen = new Set<number>();
  while ((await newest(relay))?.status !== 'done') {
    expect((await fetch(`${relay.url}/healthz`)).status).toBe(200);
    seen.add(await accepted(relay));
  }
  return seen;
}

describe.each([
  { name: 'an SQLite file', lacks: [] },
  { name: 'PostgreSQL', lacks: ['psql'] as const },
])('what is due at once in $name', ({ lacks }) => {
  const options = { ...needs(...lacks), timeout: LONGEST_MS };
  test('leaves once for each of very many, and the process answers between its steps', options, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'martlet-due-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    let hub = {};
    if (lacks.length > 0) {
      const server = await startPostgres();
      onTestFinished(() => server.end());
      hub = { postgres: await server.database() };
    }
    const relay = await startRelay(folder, hub);
    await importPeople(relay);
    const id = await holdForAll(relay);
    const seen = await watch(relay);
    expect(seen.size).toBeGreaterThan(STEPS);
    const { counts } = await json<Notification>(`${relay.url}/v1/notifications/${id}?limit=1`);
    expect(counts).toMatchObject({ pending: 0, deferred: 0, failed: 0, suppressed: 0, sent: PEOPLE });
    expect(await accepted(relay)).toBe(PEOPLE);
  });
});
