import { setTimeout as sleep } from 'node:timers/promises';
import { brokenPromises, inWorld, type Scenario } from '../scenario.ts';
import { World } from '../world.ts';

const SIZES = { small: { pushes: 2000, perSecond: 1000 }, full: { pushes: 20_000, perSecond: 1000 } } as const;
const FAULTS = { latencyMs: 20, refuse: 0.02, reset: 0.02, mute: 0.005 };

/** Streams refused, reset and never answered; SETTINGS 1000 → 1 → 1000; three seconds without a sign of life. */
export const streams: Scenario = {
  name: 'streams refused, reset, mute; SETTINGS; freeze',
  run: (seed, size) =>
    inWorld(World.open(seed, { config: { ios: { request_timeout: 2 } } }), async (world) => {
      const { pushes, perSecond } = SIZES[size];
      const { peer, client, random } = world;
      await peer.behave('apns', { ...FAULTS, maxStreams: 1000 });
      const posting = (async () => {
        for (let posted = 0; posted < pushes; ) {
          const count = Math.min(pushes - posted, random.between(1, 40));
          await client.post([world.targets(count)]);
          posted += count;
          await sleep((count * 1000) / perSecond);
        }
      })();
      await sleep(500);
      await peer.behave('apns', { ...FAULTS, maxStreams: 1 });
      await sleep(300);
      await peer.behave('apns', { ...FAULTS, maxStreams: 1000 });
      await sleep(200);
      await peer.freeze(3000);
      await posting;
      await peer.behave('apns', {});
      const settled = await world.settled();
      const { tally } = await world.stop();
      const broken = brokenPromises(tally);
      if (settled.lost > 0) broken.push(`${settled.lost} hung`);
      return { tally, notes: { hung: settled.lost }, broken };
    }),
};
