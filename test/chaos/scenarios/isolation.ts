import { p99 } from '../latency.ts';
import { inRounds } from '../rounds.ts';
import { brokenPromises, inWorld, type Scenario } from '../scenario.ts';
import { startPeer } from '../start-peer.ts';
import { World } from '../world.ts';

const SIZES = {
  small: { seconds: 3, flood: 2000, most: 1.2, floorMs: 5, rounds: 1 },
  full: { seconds: 60, flood: 50_000, most: 1.2, floorMs: 5, rounds: 3 },
} as const;

/** FCM takes everything and answers nothing; that is no business of APNs. */
export const isolation: Scenario = {
  name: 'FCM never answers; APNs at 200/s',
  run: async (seed, size) => {
    // In a process of its own, so that the flood is the relay's burden alone.
    const fcm = await startPeer(seed);
    const android = { endpoint: fcm.addresses.fcm, request_timeout: 5 };
    return inWorld(World.open(seed, { config: { android }, extraCa: fcm.ca }, [fcm]), async (world) => {
      const { seconds, flood, ...limits } = SIZES[size];
      const { client } = world;
      await p99(world, 1);
      const round = async (): Promise<[number, number]> => {
        const alone = await p99(world, seconds);
        await fcm.behave('fcm', { mute: 1 });
        for (let i = 0; i < flood / 100; i++) await client.post([world.targets(100)], 2);
        const beside = await p99(world, seconds);
        await fcm.behave('fcm', {});
        await world.settled();
        return [alone, beside];
      };
      const { kept, ratio, told } = await inRounds(round, limits);
      const { tally } = await world.stop();
      const broken = brokenPromises(tally);
      // At the small size it is enough that all arrived: beside other tests a time says nothing.
      if (size === 'full' && !kept) broken.push(`p99 of APNs is ${ratio.toFixed(2)} times as long`);
      return { tally, notes: { 'p99 of APNs alone→beside, ms': told }, broken };
    });
  },
};
