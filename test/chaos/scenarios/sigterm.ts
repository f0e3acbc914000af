import { until } from '../../support/until.ts';
import { brokenPromises, inWorld, type Scenario } from '../scenario.ts';
import { World } from '../world.ts';

const SIZES = {
  // In the second half of the time-out nothing more is sent: answers that take a tenth of that come in time on a busy machine, too.
  small: { pushes: 3000, streams: 200, shutdownTimeout: 6 },
  full: { pushes: 5000, streams: 500, shutdownTimeout: 2 },
} as const;
const LATENCY_MS = 300;

interface Load {
  readonly pushes: number;
  readonly streams: number;
}

/** Posts all of them to a provider that holds its answers back: on return so many streams are open, and the others wait. */
async function fill(world: World, { pushes, streams }: Load): Promise<void> {
  const { peer, client } = world;
  await peer.behave('apns', { hold: true, maxStreams: streams });
  await Promise.all(Array.from({ length: pushes / 50 }, () => client.post([world.targets(50)])));
  const arrived = async () => (await peer.read()).arrivedAt.filter((at) => at > 0).length;
  await until(async () => (await arrived()) >= streams, 'the provider has all its streams open');
}

/** SIGTERM while the provider has all its streams open: what is under way is awaited, the rest is the next process's. */
export const sigterm: Scenario = {
  name: 'SIGTERM with pushes in flight, restart',
  run: (seed, size) => {
    const { shutdownTimeout, ...load } = SIZES[size];
    // One connection: a second one could send all of them in time.
    const config = { core: { shutdown_timeout: shutdownTimeout }, ios: { connections: 1 } };
    return inWorld(World.open(seed, { config }), async (world) => {
      const { peer, relay } = world;
      await fill(world, load);
      const begun = performance.now();
      const ended = relay.end('SIGTERM');
      await peer.behave('apns', { latencyMs: LATENCY_MS, maxStreams: load.streams });
      const exitCode = await ended;
      const ms = Math.round(performance.now() - begun);
      const drained = (await peer.read()).deliveredTotal;
      await relay.start();
      await world.settled();
      const { tally } = await world.stop();
      const broken = brokenPromises(tally, { duplicates: 0 });
      if (exitCode !== 0) broken.push(`SIGTERM ended it with ${exitCode}`);
      if (drained >= load.pushes) broken.push('nothing was left for the next process: the test tests nothing');
      if (size === 'full' && ms > shutdownTimeout * 1000 + 3000) broken.push(`the shutdown took ${ms} ms`);
      return { tally, notes: { drained, 'shutdown ms': ms }, broken };
    });
  },
};

const isReady = (relay: World['relay']): Promise<boolean> =>
  relay.ready().then(
    (status) => status === 200,
    () => false,
  );

/** The second signal ends the process at once; what it had accepted is the next process's. */
export const secondSignal: Scenario = {
  name: 'a second signal while it drains, restart',
  run: (seed, size) =>
    inWorld(World.open(seed), async (world) => {
      const { peer, relay } = world;
      const { streams } = SIZES[size];
      await fill(world, SIZES[size]);
      await peer.behave('apns', { latencyMs: LATENCY_MS, maxStreams: streams });
      relay.signal('SIGTERM');
      await until(async () => !(await isReady(relay)), 'it has heard the first signal');
      const begun = performance.now();
      await relay.end('SIGINT');
      const ms = Math.round(performance.now() - begun);
      await relay.start();
      await world.settled();
      const { tally } = await world.stop();
      const broken = brokenPromises(tally);
      if (size === 'full' && ms > 1000) broken.push(`the second signal took ${ms} ms`);
      return { tally, notes: { 'end ms': ms }, broken };
    }),
};
