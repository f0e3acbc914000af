import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { SeededRandom } from '../../simulation/seeded-random.ts';
import { startPostgres } from '../../support/postgres.ts';
import { type Ended, type HubLog, watchPostgres, watchSqlite } from '../hub/final-states.ts';
import { type Call, HubLoad } from '../hub/hub-load.ts';
import { RelayProcess } from '../relay-process.ts';
import type { Result, Scenario, Size } from '../scenario.ts';
import { startPeer } from '../start-peer.ts';

const SIZES = {
  small: { people: 40, calls: 250, kills: 2, perSecond: 60, lives: [400, 900] },
  full: { people: 200, calls: 4000, kills: 20, perSecond: 120, lives: [1500, 4000] },
} as const;

const CALLERS = 6;
/** A kill doubles what is under way and the last milliseconds before it: of a send to everyone, this share. */
const DOUBLED = 0.5;
/** How long nothing at all may happen. */
const PATIENCE_MS = 120_000;
const LOOK_MS = 200;
/** Of the master key, which all instances on one store have. */
const KEY = Buffer.alloc(32, 7).toString('base64');

interface Scene {
  readonly relays: readonly RelayProcess[];
  readonly log: HubLog;
}

async function openScene(
  engine: 'sqlite' | 'postgres',
  instances: number,
  peer: Awaited<ReturnType<typeof startPeer>>,
  closers: AsyncDisposableStack,
): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-chaos-hub-'));
  closers.defer(() => rmSync(folder, { recursive: true, force: true }));
  const server = engine === 'postgres' ? await startPostgres() : undefined;
  if (server) closers.defer(() => server.end());
  const postgres = (await server?.database()) ?? '';
  const relays: RelayProcess[] = [];
  for (let index = 0; index < instances; index++) {
    const own = join(folder, String(index));
    mkdirSync(own);
    const hub = { enabled: true, path: join(own, 'hub.db'), postgres };
    const relay = await RelayProcess.start({
      ...{ peer, folder: own, env: { MARTLET_MASTER_KEY: KEY } },
      config: { hub, ios: { topic: 'com.example' }, history: { enabled: false } },
    });
    closers.defer(async () => void (await relay.end('SIGKILL')));
    relays.push(relay);
  }
  const log = postgres ? await watchPostgres(postgres) : watchSqlite(join(folder, '0', 'hub.db'));
  closers.defer(() => log.close());
  return { relays, log };
}

/** Waits until every decision has ended, or nothing has changed for long. */
async function settled(log: HubLog): Promise<number> {
  let last = '';
  let changedAt = performance.now();
  for (;;) {
    const progress = await log.progress();
    if (progress.open === 0) return 0;
    const state = JSON.stringify(progress);
    if (state !== last) changedAt = performance.now();
    else if (performance.now() - changedAt > PATIENCE_MS) return progress.open;
    last = state;
    await sleep(LOOK_MS);
  }
}

const REACHED = new Set(['sent', 'delivered', 'seen', 'read']);
/** Items of a digest end with it; what a stream has needs no push. */
const isPush = ({ channel, state, due }: Ended): boolean =>
  channel === 'push' && REACHED.has(state) && due?.startsWith('digest:') !== true;

/** Decisions that came to an end more than once. */
function twice(ended: readonly Ended[]): number {
  const keyOf = ({ notification, user, hop, channel, device }: Ended): string =>
    JSON.stringify([notification, user, hop, channel, device]);
  return ended.length - new Set(ended.map(keyOf)).size;
}

async function run(engine: 'sqlite' | 'postgres', instances: number, seed: number, size: Size): Promise<Result> {
  const { people, calls, kills, perSecond, lives } = SIZES[size];
  await using closers = new AsyncDisposableStack();
  const peer = await startPeer(seed);
  closers.defer(() => peer.close());
  const { relays, log } = await openScene(engine, instances, peer, closers);
  const random = new SeededRandom(seed);
  const agent = new Agent({ connections: CALLERS * 2, headersTimeout: 30_000 });
  closers.defer(() => agent.destroy());
  let answered = 0;
  const call: Call = async (method, path, body) => {
    const { url } = random.pick(relays);
    try {
      const headers = { 'content-type': 'application/json' };
      const text = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await request(url + path, { method: method as 'GET', headers, ...text, dispatcher: agent });
      answered++;
      return { status: answer.statusCode, body: await answer.body.json().catch(() => undefined) };
    } catch {
      return undefined;
    }
  };
  const load = new HubLoad({ random, people, call });
  await load.addPeople();
  answered = 0;
  let killing = true;
  const calling = Array.from({ length: CALLERS }, async () => {
    while (answered < calls || killing) {
      const begun = performance.now();
      await load.step();
      await sleep(Math.max(1, (CALLERS * 1000) / perSecond - (performance.now() - begun)));
    }
  });
  try {
    for (let kill = 0; kill < kills; kill++) {
      await sleep(random.between(lives[0], lives[1]));
      const relay = random.pick(relays);
      await relay.end('SIGKILL');
      await relay.start();
    }
  } finally {
    killing = false;
  }
  await Promise.all(calling);
  await load.cancelAll();
  await load.resolveAll();
  const open = await settled(log);
  return result(await log.ended(), await log.statuses(), (await peer.read()).delivered, { load, open, kills, size });
}

function result(
  ended: readonly Ended[],
  statuses: ReadonlyMap<string, string>,
  arrived: Uint8Array,
  { load, open, kills, size }: { load: HubLoad; open: number; kills: number; size: Size },
): Result {
  const pushes = ended.filter(isPush);
  const sent = new Map<number, number>();
  for (const { device } of pushes) sent.set(Number(device.slice(1)), (sent.get(Number(device.slice(1))) ?? 0) + 1);
  let [lost, duplicate, delivered] = [0, 0, 0];
  for (const [index, count] of sent) {
    const times = arrived[index] ?? 0;
    delivered += Math.min(times, count);
    lost += Math.max(0, count - times);
    duplicate += Math.max(0, times - count);
  }
  const gone = [...load.accepted].filter(
    (id) => !['done', 'cancelled', 'expired', 'unreachable'].includes(statuses.get(id) ?? ''),
  );
  const repeated = twice(ended);
  const broken: string[] = [];
  if (load.accepted.size === 0) broken.push('nothing was accepted');
  if (gone.length > 0) broken.push(`${gone.length} notifications have not ended: ${gone.slice(0, 5).join(', ')}`);
  if (open > 0) broken.push(`${open} decisions and batches have not ended`);
  if (lost > 0) broken.push(`${lost} pushes are said to be sent, and did not arrive`);
  if (repeated > 0) broken.push(`${repeated} decisions came to an end twice`);
  if (size === 'full' && duplicate > kills * SIZES.full.people * DOUBLED) broken.push(`${duplicate} duplicates`);
  const tally = {
    accepted: load.accepted.size,
    delivered,
    reported: 0,
    queued: 0,
    duplicate,
    lost: lost + gone.length,
  };
  const notes = {
    kills,
    decisions: ended.length,
    twice: repeated,
    cancelled: load.cancelled.size,
    unanswered: load.unanswered,
  };
  return { tally, notes, broken };
}

/** kill -9 at random moments while people are registered, sent to, read, cancel, and incidents go on. */
export const hubKill: Scenario = {
  name: 'hub on SQLite: kill -9 under mixed load',
  run: (seed, size) => run('sqlite', 1, seed, size),
};

/** The same for one of two instances after the other. */
export const hubKillOfTwo: Scenario = {
  name: 'hub, two on PostgreSQL: kill -9 under mixed load',
  requires: ['psql'],
  run: (seed, size) => run('postgres', 2, seed, size),
};
