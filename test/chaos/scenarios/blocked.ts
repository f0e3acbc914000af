import { setTimeout as sleep } from 'node:timers/promises';
import { atRate } from '../client.ts';
import { brokenPromises, inWorld, type Scenario } from '../scenario.ts';
import { World } from '../world.ts';

const SIZES = { small: { pushes: 800, pauses: 1 }, full: { pushes: 10_000, pauses: 5 } } as const;

/** The relay stands still for two seconds, with answers waiting in its sockets: it must not take that for a dead provider. */
export const blocked: Scenario = {
  name: 'the event loop stands still for 2 s',
  run: (seed, size) =>
    inWorld(World.open(seed), async (world) => {
      const { pushes, pauses } = SIZES[size];
      const { peer, client, relay } = world;
      await peer.behave('apns', { latencyMs: 50 });
      await client.post([world.targets(10)]);
      await world.settled(5000);
      const before = (await peer.read()).connections;
      const posting = atRate(pushes, 400, () => client.post([world.targets(1)]), 2000);
      for (let i = 0; i < pauses; i++) {
        await sleep(500);
        relay.signal('SIGSTOP');
        await sleep(2000);
        relay.signal('SIGCONT');
      }
      await posting;
      await world.settled(30_000);
      const opened = (await peer.read()).connections - before;
      const { tally } = await world.stop();
      const broken = brokenPromises(tally, { duplicates: 0 });
      if (opened > 0) broken.push(`${opened} connections were taken for dead`);
      return { tally, notes: { pauses, 'new connections': opened }, broken };
    }),
};
