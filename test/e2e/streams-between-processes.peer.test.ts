import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { openSse, type SseClient } from '../api/hub/streams/sse-client.ts';
import { gaps } from '../streams/collected.ts';
import { needs } from '../support/needs.ts';
import { startPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { type RunningRelay, startRelay } from './running-relay.ts';

/** What is not told of is found by no one within a test. */
const NEVER_ASKS = 1_000_000;

async function publish(url: string, type: string): Promise<number> {
  const headers = { 'content-type': 'application/json', connection: 'close' };
  const body = JSON.stringify({ type, payload: {} });
  return (await fetch(`${url}/v1/users/ada/events`, { method: 'POST', headers, body })).status;
}

/** Each on a connection of its own, so that every worker has some. */
const readers = (url: string, count: number): Promise<SseClient[]> =>
  Promise.all(
    Array.from({ length: count }, () =>
      openSse(`${url}/v1/users/ada/stream?last_event_id=earliest`, { connection: 'close' }),
    ),
  );

const typesOf = ({ events }: SseClient): (string | undefined)[] => events.map(({ event }) => event);

const workersOf = (relay: RunningRelay): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return new RegExp(`^\\d+ \\(.*\\) \\w ${relay.child.pid} `).test(readFileSync(`/proc/${name}/stat`, 'utf8'));
      } catch {
        return false;
      }
    })
    .map(Number);

test(
  'workers of one machine tell each other of news, also those that took the place of one that was killed',
  needs('linux'),
  async () => {
    await using relay = await startRelay({
      core: { processes: 2 },
      log: { access_level: 'info' },
      hub: { enabled: true, path: 'hub.db', streams: { poll_interval: NEVER_ASKS } },
    });
    await until(() => relay.output().includes('2 workers serve'));
    const all = await readers(relay.url, 6);
    for (const type of ['a', 'b', 'c', 'd']) expect(await publish(relay.url, type)).toBe(201);
    for (const reader of all) await until(() => reader.events.length === 4);
    expect(all.map(typesOf)).toEqual(all.map(() => ['a', 'b', 'c', 'd']));

    const [victim = 0] = workersOf(relay);
    process.kill(victim, 'SIGKILL');
    await until(() => workersOf(relay).length === 2 && !workersOf(relay).includes(victim));
    const others = await readers(relay.url, 6);
    for (const type of ['e', 'f']) await until(async () => (await publish(relay.url, type).catch(() => 0)) === 201);
    const left = [...all.filter(({ isOver }) => !isOver), ...others];
    for (const reader of left) await until(() => typesOf(reader).includes('f'));
    for (const reader of left) expect(gaps(reader.ids)).toEqual([]);
  },
);

test(
  'who has a stream at one worker is there for the others, until it ends or its worker is killed',
  needs('linux'),
  async () => {
    await using relay = await startRelay({
      core: { processes: 2 },
      log: { access_level: 'info' },
      hub: { enabled: true, path: 'hub.db', streams: { offline: 'drop' } },
    });
    await until(() => relay.output().includes('2 workers serve'));
    const instances = async (): Promise<Set<number>> => {
      const answer = await fetch(`${relay.url}/v1/users/ada/presence`, { headers: { connection: 'close' } });
      const view = (await answer.json()) as { instances: { connections: number; id: string }[] };
      return new Set(view.instances.map(({ id }) => Number(id.split(':').at(-1))));
    };
    /** Of so many in a row, each of which any worker may take. */
    const always = async (what: (at: number) => Promise<boolean>): Promise<boolean> =>
      (await Promise.all(Array.from({ length: 12 }, (_, at) => what(at)))).every(Boolean);

    const stream = await openSse(`${relay.url}/v1/users/ada/stream`, { connection: 'close' });
    expect(await always(async () => (await instances()).size === 1)).toBe(true);
    const [holder = 0] = await instances();
    expect(workersOf(relay)).toContain(holder);
    // With offline: drop an event is kept for who is there, at whichever worker it is published.
    for (let count = 0; count < 12; count++) expect(await publish(relay.url, 'a')).toBe(201);
    await until(() => stream.events.length === 12);

    process.kill(holder, 'SIGKILL');
    await until(async () => (await instances().catch(() => new Set([0]))).size === 0);
    expect(await always(async () => (await instances()).size === 0)).toBe(true);
    await openSse(`${relay.url}/v1/users/ada/stream`, { connection: 'close' });
    expect(await always(async () => (await instances()).size === 1)).toBe(true);
  },
);

/** Kills the process at once, and starts it with other peers. */
async function restartWith(relay: RunningRelay, peers: readonly string[]): Promise<void> {
  relay.child.kill('SIGKILL');
  await relay.ended();
  const path = join(relay.folder, 'config.yml');
  const config = parse(readFileSync(path, 'utf8'));
  config.hub.streams.peers = peers;
  writeFileSync(path, stringify(config));
  await relay.restart();
}

test(
  'instances on one PostgreSQL tell each other of news by signed calls, before and after one was killed',
  needs('psql'),
  async () => {
    const server = await startPostgres();
    onTestFinished(() => server.end());
    const env = { MARTLET_MASTER_KEY: randomBytes(32).toString('base64') };
    const streams = { poll_interval: NEVER_ASKS, peer_secret: [`whsec_${randomBytes(32).toString('base64')}`] };
    const hub = { enabled: true, postgres: await server.database(), streams };
    await using one = await startRelay({ hub }, {}, undefined, { env });
    await using two = await startRelay(
      { hub: { ...hub, streams: { ...streams, peers: [one.url] } } },
      {},
      one.sandbox,
      { env },
    );
    await restartWith(one, [one.url, two.url]);

    const [atOne] = (await readers(one.url, 1)) as [SseClient];
    const [atTwo] = (await readers(two.url, 1)) as [SseClient];
    for (const [index, type] of ['a', 'b', 'c', 'd'].entries())
      expect(await publish(index % 2 === 0 ? one.url : two.url, type)).toBe(201);
    for (const reader of [atOne, atTwo]) await until(() => reader.events.length === 4);

    one.child.kill('SIGKILL');
    await one.ended();
    for (const type of ['e', 'f']) expect(await publish(two.url, type)).toBe(201);
    await one.restart();
    const last = atOne.ids.at(-1);
    const again = await openSse(`${one.url}/v1/users/ada/stream?last_event_id=${last}`);
    expect(await publish(one.url, 'g')).toBe(201);
    await until(() => again.events.length === 3);
    expect([...typesOf(atOne), ...typesOf(again)]).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    await until(() => atTwo.events.length === 7);
    expect(gaps(atTwo.ids)).toEqual([]);
    // Two has noticed that one was away; what it publishes reaches one again with its next tries.
    for (let count = 1; !typesOf(again).includes('from two'); count++) {
      expect(await publish(two.url, 'from two')).toBe(201);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(count).toBeLessThan(1000);
    }

    const stranger = await fetch(`${one.url}/v1/streams/wake-ups`, {
      method: 'POST',
      body: '{"from":"x","wakeUps":[]}',
    });
    expect(stranger.status).toBe(401);
  },
);
