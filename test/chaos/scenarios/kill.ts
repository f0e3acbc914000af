import { setTimeout as sleep } from 'node:timers/promises';
import { brokenPromises, inWorld, type Scenario } from '../scenario.ts';
import { World } from '../world.ts';

const SIZES = {
  small: { pushes: 2000, kills: 2, perSecond: 1000, lives: [200, 600] },
  full: { pushes: 100_000, kills: 20, perSecond: 2000, lives: [500, 2500] },
} as const;

const POSTERS = 8;

/** kill -9 at random moments, start again, time after time, while pushes of one and of a hundred tokens come in. */
export const kill: Scenario = {
  name: 'kill -9 at random moments, restarts',
  run: (seed, size) =>
    inWorld(World.open(seed), async (world) => {
      const { pushes, kills, perSecond, lives } = SIZES[size];
      const { relay, client, random, peer } = world;
      await peer.behave('apns', { latencyMs: 5 });
      let killing = true;
      const post = async (): Promise<void> => {
        while (client.accepted.size < pushes || killing) {
          const tokens = random.pick([1, 1, 1, 1, 100]);
          const begun = performance.now();
          await client.post([world.targets(tokens, 0.05)]);
          // The pace of a back end that goes on regardless: while the relay is down its posts fail.
          await sleep(Math.max(1, (tokens * POSTERS * 1000) / perSecond - (performance.now() - begun)));
        }
      };
      const posting = Promise.all(Array.from({ length: POSTERS }, post));
      try {
        for (let i = 0; i < kills; i++) {
          await sleep(random.between(lives[0], lives[1]));
          await relay.end('SIGKILL');
          await relay.start();
        }
      } finally {
        killing = false;
      }
      await posting;
      await world.settled();
      const { tally, exitCode } = await world.stop();
      const broken = brokenPromises(tally, size === 'full' ? { duplicates: 0.01 } : {});
      if (exitCode !== 0) broken.push(`SIGTERM ended it with ${exitCode}`);
      return { tally, notes: { kills, unanswered: client.unknown.size }, broken };
    }),
};
