import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import { atRate } from '../client.ts';
import type { RelayProcess } from '../relay-process.ts';
import { brokenPromises, inWorld, type Scenario } from '../scenario.ts';
import { World } from '../world.ts';

const SIZES = {
  small: { failures: 600, hung: 1, failed: 2 },
  // Twenty calls at once hang; then the breaker lets a probe through now and then.
  full: { failures: 10_000, hung: 20, failed: 3 },
} as const;

/** How many pushes a second reach the provider when all of these fail. */
async function rate(world: World, count: number): Promise<number> {
  const before = world.client.accepted.size;
  const begun = performance.now();
  await atRate(count / 10, 1000, () => world.client.post([world.targets(10, 1)]), 16);
  for (;;) {
    const { arrivedAt } = await world.peer.read();
    const arrived = arrivedAt.reduce((sum, at) => sum + (at > 0 ? 1 : 0), 0);
    if (arrived >= before + count || performance.now() - begun > 60_000) break;
    await sleep(10);
  }
  return Math.round((count * 1000) / (performance.now() - begun));
}

const failedCalls = (relay: RelayProcess): Promise<number> => relay.metric('martlet_feedback_failed_total');

/** Resolves when so many calls of the hook have failed since there were `before`. */
const moreFail = (relay: RelayProcess, before: number, count: number): Promise<void> =>
  until(async () => (await failedCalls(relay)) >= before + count, `${count} calls of the hook fail`);

/** The feedback hook hangs, then fails, then returns: pushes go on as before, and in the end it has heard of every failure. */
export const hook: Scenario = {
  name: 'the feedback hook hangs, fails, returns',
  run: (seed, size) =>
    inWorld(World.open(seed, { config: { core: { feedback_timeout: 1 } } }), async (world) => {
      const { failures, hung, failed } = SIZES[size];
      const { peer, relay } = world;
      await rate(world, 200);
      const alone = await rate(world, failures / 2);
      const before = await failedCalls(relay);
      await peer.hook('hang');
      const beside = await rate(world, failures / 2);
      await moreFail(relay, before, hung);
      await peer.hook('fail');
      await moreFail(relay, await failedCalls(relay), failed);
      await peer.hook('fine');
      const settled = await world.settled();
      const { tally } = await world.stop();
      const broken = brokenPromises(tally);
      if (settled.reported < settled.accepted) broken.push(`${settled.accepted - settled.reported} were not reported`);
      if (size === 'full' && beside < alone * 0.7) broken.push(`${beside} pushes/s instead of ${alone}`);
      return { tally, notes: { 'pushes/s': alone, 'with hanging hook': beside }, broken };
    }),
};
