import { setTimeout as sleep } from 'node:timers/promises';
import { brokenPromises, inWorld, type Scenario } from '../scenario.ts';
import { World } from '../world.ts';

const SIZES = {
  small: { pushes: 2000, streams: 200, shutdownTimeout: 1 },
  full: { pushes: 5000, streams: 500, shutdownTimeout: 2 },
} as const;
const LATENCY_MS = 300;

/** SIGTERM while the provider has all its streams open: what is under way is awaited, the rest is the next process's. */
export const sigterm: Scenario = {
  name: 'SIGTERM with pushes in flight, restart',
  run: (seed, size) => {
    const { pushes, streams, shutdownTimeout } = SIZES[size];
    return inWorld(World.open(seed, { config: { core: { shutdown_timeout: shutdownTimeout } } }), async (world) => {
      const { peer, client, relay } = world;
      await peer.behave('apns', { latencyMs: LATENCY_MS, maxStreams: streams });
      await Promise.all(Array.from({ length: pushes / 50 }, () => client.post([world.targets(50)])));
      await sleep(LATENCY_MS * 1.5);
      const atSignal = (await peer.read()).deliveredTotal;
      const begun = performance.now();
      const exitCode = await relay.end('SIGTERM');
      const ms = Math.round(performance.now() - begun);
      const drained = (await peer.read()).deliveredTotal - atSignal;
      await relay.start();
      await world.settled();
      const { tally } = await world.stop();
      const broken = brokenPromises(tally, { duplicates: 0 });
      if (exitCode !== 0) broken.push(`SIGTERM ended it with ${exitCode}`);
      if (drained >= pushes - atSignal) broken.push('nothing was left for the next process: the test tests nothing');
      if (size === 'full' && ms > shutdownTimeout * 1000 + 3000) broken.push(`the shutdown took ${ms} ms`);
      return { tally, notes: { drained, 'shutdown ms': ms }, broken };
    });
  },
};

/** The second signal ends the process at once; what it had accepted is the next process's. */
export const secondSignal: Scenario = {
  name: 'a second SIGTERM while it drains, restart',
  run: (seed, size) => {
    const { pushes, streams } = SIZES[size];
    return inWorld(World.open(seed), async (world) => {
      const { peer, client, relay } = world;
      await peer.behave('apns', { latencyMs: LATENCY_MS, maxStreams: streams });
      await Promise.all(Array.from({ length: pushes / 50 }, () => client.post([world.targets(50)])));
      await sleep(LATENCY_MS * 1.5);
      relay.signal('SIGTERM');
      await sleep(100);
      const begun = performance.now();
      await relay.end('SIGTERM');
      const ms = Math.round(performance.now() - begun);
      await relay.start();
      await world.settled();
      const { tally } = await world.stop();
      const broken = brokenPromises(tally);
      if (size === 'full' && ms > 1000) broken.push(`the second signal took ${ms} ms`);
      return { tally, notes: { 'end ms': ms }, broken };
    });
  },
};
