import { until } from '../../support/until.ts';
import { atRate } from '../client.ts';
import { brokenPromises, inWorld, type Scenario } from '../scenario.ts';
import { World } from '../world.ts';

const SIZES = { small: { pushes: 1400, pauses: 1 }, full: { pushes: 10_000, pauses: 5 } } as const;
const PER_SECOND = 400;

/** The relay stands still for two seconds' worth of requests, with answers waiting in its sockets: it must not take that for a dead provider. */
export const blocked: Scenario = {
  name: 'the event loop stands still',
  run: (seed, size) =>
    inWorld(World.open(seed), async (world) => {
      const { pushes, pauses } = SIZES[size];
      const { peer, client, relay } = world;
      await peer.behave('apns', { latencyMs: 50 });
      await client.post([world.targets(10)]);
      await world.settled();
      const before = (await peer.read()).connections;
      let posted = 0;
      const post = (): Promise<number> => {
        posted++;
        return client.post([world.targets(1)]);
      };
      // However many are not answered yet, requests go on while it stands still.
      const posting = atRate(pushes, PER_SECOND, post, pushes);
      const morePosts = (count: number): Promise<void> => {
        const last = posted + count;
        return until(() => posted >= last, 'requests go on');
      };
      for (let i = 0; i < pauses; i++) {
        await morePosts(PER_SECOND / 2);
        relay.signal('SIGSTOP');
        await morePosts(PER_SECOND * 2);
        relay.signal('SIGCONT');
      }
      await posting;
      await world.settled();
      const opened = (await peer.read()).connections - before;
      const { tally } = await world.stop();
      const broken = brokenPromises(tally, { duplicates: 0 });
      if (opened > 0) broken.push(`${opened} connections were taken for dead`);
      return { tally, notes: { pauses, 'new connections': opened }, broken };
    }),
};
