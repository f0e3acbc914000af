import { atRate } from '../client.ts';
import { brokenPromises, inWorld, type Scenario } from '../scenario.ts';
import { World } from '../world.ts';

const SIZES = { small: { seconds: 2 }, full: { seconds: 30 } } as const;
/** 20 streams of one connection, 100 ms each. */
const TAKES = 200;
const ROOM = 300;

/** Ten times what the provider takes: 200 or 503 with Retry-After, within a second, and every 200 is delivered in the end. */
export const overload: Scenario = {
  name: 'ten times what the provider takes',
  run: (seed, size) =>
    inWorld(World.open(seed, { config: { core: { queue_num: ROOM }, ios: { connections: 1 } } }), async (world) => {
      const { client, peer } = world;
      await peer.behave('apns', { latencyMs: 100, maxStreams: 20 });
      const begun = performance.now();
      await atRate(SIZES[size].seconds * TAKES * 10, TAKES * 10, () => client.post([world.targets(1)]), 256);
      const perSecond = Math.round((client.answers.length * 1000) / (performance.now() - begun));
      await world.settled();
      const { tally } = await world.stop();
      const broken = brokenPromises(tally, { duplicates: 0 });
      const refused = client.answers.filter(({ status }) => status === 503);
      const slowest = Math.round(Math.max(...client.answers.map(({ ms }) => ms)));
      const odd = client.answers.filter(({ status }) => status !== 200 && status !== 503).length + client.unknown.size;
      if (slowest > 1000 && size === 'full') broken.push(`the slowest answer took ${slowest} ms`);
      if (odd > 0) broken.push(`${odd} requests were answered neither 200 nor 503`);
      if (refused.length === 0) broken.push('nothing was refused: the test tests nothing');
      if (refused.some(({ retryAfter }) => !retryAfter)) broken.push('a 503 came without Retry-After');
      return { tally, notes: { 'requests/s': perSecond, refused: refused.length, 'slowest ms': slowest }, broken };
    }),
};
