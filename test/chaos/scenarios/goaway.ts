import http2 from 'node:http2';
import { atRate } from '../client.ts';
import type { Behaviour } from '../peer-messages.ts';
import { brokenPromises, inWorld, type Limits, type Scenario } from '../scenario.ts';
import { World } from '../world.ts';

const SIZES = { small: 3000, full: 100_000 } as const;

const scripted = (name: string, behaviour: Behaviour, limits: Limits): Scenario => ({
  name,
  run: (seed, size) =>
    inWorld(World.open(seed), async (world) => {
      const { peer, client } = world;
      await peer.behave('apns', behaviour);
      await atRate(SIZES[size] / 100, 100, () => client.post([world.targets(100)]), 8);
      await world.settled();
      const { goAways } = await peer.read();
      const { tally } = await world.stop();
      const broken = brokenPromises(tally, limits);
      if (goAways < SIZES[size] / 1000) broken.push(`only ${goAways} GOAWAYs were sent`);
      return { tally, notes: { GOAWAYs: goAways }, broken };
    }),
});

/** GOAWAY after each hundred requests, in the middle of a burst: what is behind its last id goes to another connection. */
export const goAway = scripted(
  'GOAWAY NO_ERROR every 100 requests',
  { goAwayEvery: 100, latencyMs: 2 },
  { duplicates: 0 },
);

export const goAwayWithError = scripted(
  'GOAWAY ENHANCE_YOUR_CALM every 100 requests',
  { goAwayEvery: 100, goAwayCode: http2.constants.NGHTTP2_ENHANCE_YOUR_CALM, latencyMs: 2 },
  { duplicates: 0 },
);
