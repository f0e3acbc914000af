/** Where the proof runs: real processes of the relay on each store of streams. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningRelay, startRelay } from '../../e2e/running-relay.ts';
import { startPostgres } from '../../support/postgres.ts';
import type { RequirementName } from '../../support/requirements.ts';
import { startSandbox } from '../../support/sandbox-of-three.ts';
import { startStreamsRedis } from '../redis/streams-redis.ts';
import type { Fault } from './run-proof.ts';

export interface ProofPlace {
  readonly name: string;
  readonly needs: readonly RequirementName[];
  /** Processes that share it. */
  readonly instances: number;
  /** What it keeps outlives a process. */
  readonly lasts: boolean;
  /** @returns the section `hub` of each instance. @param closers ends what is started */
  hub(folder: string, closers: AsyncDisposableStack): Promise<Readonly<Record<string, unknown>>>;
}

async function postgresUrl(closers: AsyncDisposableStack): Promise<string> {
  const server = await startPostgres();
  closers.defer(() => server.end());
  return server.database();
}

async function redisUrl(closers: AsyncDisposableStack): Promise<string> {
  const server = await startStreamsRedis();
  closers.defer(() => server.end());
  return `redis://${server.program.addr}/0`;
}

export const proofPlaces: readonly ProofPlace[] = [
  {
    ...{ name: 'memory, one instance', needs: [], instances: 1, lasts: false },
    hub: async () => ({ path: '', streams: { store: 'memory' } }),
  },
  {
    ...{ name: 'SQLite, one instance', needs: [], instances: 1, lasts: true },
    hub: async (folder) => ({ path: join(folder, 'hub.db') }),
  },
  {
    ...{ name: 'PostgreSQL, two instances that ask', needs: ['psql'], instances: 2, lasts: true },
    hub: async (folder, closers) => ({ path: join(folder, 'hub.db'), postgres: await postgresUrl(closers) }),
  },
  {
    ...{ name: 'PostgreSQL, two instances with a Redis', needs: ['psql', 'redis-server'], instances: 2, lasts: true },
    hub: async (folder, closers) => ({
      ...{ path: join(folder, 'hub.db'), postgres: await postgresUrl(closers), redis: await redisUrl(closers) },
    }),
  },
  {
    ...{ name: 'Redis, two instances', needs: ['psql', 'redis-server'], instances: 2, lasts: true },
    hub: async (folder, closers) => ({
      ...{ path: join(folder, 'hub.db'), postgres: await postgresUrl(closers), redis: await redisUrl(closers) },
      streams: { store: 'redis' },
    }),
  },
];

export interface ProofInstances extends AsyncDisposable {
  readonly urls: readonly string[];
  /** What is done to them, and when. */
  readonly faults: readonly Fault[];
  /** What they printed. */
  output(): string;
}

export async function startInstances({ hub, instances, lasts }: ProofPlace): Promise<ProofInstances> {
  await using closers = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'martlet-proof-'));
  closers.defer(() => rmSync(folder, { recursive: true, force: true }));
  const section = { enabled: true, ...(await hub(folder, closers)) };
  const sandbox = await startSandbox();
  closers.defer(() => sandbox.close());
  const relays: RunningRelay[] = [];
  // One after another: the first makes the tables and the key.
  for (let index = 0; index < instances; index++)
    relays.push(closers.use(await startRelay({ hub: section, log: { error_level: 'warn' } }, {}, sandbox)));
  const again = (relay: RunningRelay, signal: NodeJS.Signals) => async (step: (what: string) => void) => {
    step(signal);
    relay.child.kill(signal);
    await relay.ended();
    step('starts again');
    await relay.restart();
    step('is back');
  };
  const [first, last] = [relays[0], relays.at(-1)] as [RunningRelay, RunningRelay];
  const faults: Fault[] = [
    { at: 0.3, run: again(last, 'SIGKILL') },
    { at: 0.5, run: again(first, 'SIGTERM') },
    { at: 0.7, run: again(first, 'SIGKILL') },
  ];
  const owned = closers.move();
  return {
    urls: relays.map(({ url }) => url),
    faults: lasts ? faults : [],
    output: () => relays.map((relay) => relay.output()).join('\n'),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
