import { atRate } from '../client.ts';
import { brokenPromises, inWorld, type Scenario } from '../scenario.ts';
import { World } from '../world.ts';

const SIZES = { small: { pushes: 6000, from: 2000 }, full: { pushes: 300_000, from: 50_000 } } as const;
const PER_REQUEST = 100;
const MIB = 1024 * 1024;
/** What a collector may not have come round to yet. */
const SLACK_MIB = 40;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Half of all pushes fail, for hours of traffic in a minute: results leave nothing behind. */
export const heap: Scenario = {
  name: 'half of all pushes fail: heap flat',
  run: (seed, size) =>
    inWorld(World.open(seed), async (world) => {
      const { pushes, from } = SIZES[size];
      const { client, relay } = world;
      const heaps: number[] = [];
      const steps = 50;
      for (let step = 0; step < steps; step++) {
        const requests = pushes / PER_REQUEST / steps;
        await atRate(requests, 40, () => client.post([world.targets(PER_REQUEST, 0.5)]), 8);
        if (((step + 1) * pushes) / steps >= from) heaps.push(await relay.metric('nodejs_heap_size_used_bytes'));
      }
      await world.settled();
      const { tally } = await world.stop();
      const broken = brokenPromises(tally);
      const third = Math.floor(heaps.length / 3);
      const grown = Math.round((median(heaps.slice(-third)) - median(heaps.slice(0, third))) / MIB);
      if (size === 'full' && grown > SLACK_MIB) broken.push(`the heap grew by ${grown} MiB`);
      const mib = (bytes: number): number => Math.round(bytes / MIB);
      return { tally, notes: { 'heap MiB': `${mib(Math.min(...heaps))}–${mib(Math.max(...heaps))}`, grown }, broken };
    }),
};
