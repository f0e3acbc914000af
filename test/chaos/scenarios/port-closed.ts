import { setTimeout as sleep } from 'node:timers/promises';
import { atRate } from '../client.ts';
import { brokenPromises, inWorld, type Scenario } from '../scenario.ts';
import { World } from '../world.ts';

const SIZES = {
  small: { pushes: 1000, closedMs: 3000 },
  full: { pushes: 10_000, closedMs: 60_000 },
} as const;
const PER_SECOND = 500;
const MIB = 1024 * 1024;
/** What ten thousand waiting pushes may take, and the noise of a collector. */
const GROWTH_MIB = 120;

/** The provider is gone for a while: pushes wait, in no more memory than they need, and none is lost. */
export const portClosed: Scenario = {
  name: 'the provider closes its port',
  run: (seed, size) =>
    inWorld(World.open(seed), async (world) => {
      const { pushes, closedMs } = SIZES[size];
      const { peer, client, relay } = world;
      await client.post([world.targets(10)]);
      await world.settled();
      const before = relay.rss();
      await peer.port(false);
      const reopened = sleep(closedMs).then(() => peer.port(true));
      await atRate(pushes, PER_SECOND, () => client.post([world.targets(1)]));
      await reopened;
      const opened = performance.now();
      const settled = await world.settled();
      const recovery = Math.round(performance.now() - opened);
      const grown = Math.round((relay.rss() - before) / MIB);
      const { tally } = await world.stop();
      const broken = brokenPromises(tally, { duplicates: 0 });
      if (settled.lost > 0) broken.push(`${settled.lost} not delivered within a minute of its return`);
      if (grown > GROWTH_MIB) broken.push(`the process grew by ${grown} MiB`);
      return { tally, notes: { 'recovery ms': recovery, 'grown MiB': grown }, broken };
    }),
};
