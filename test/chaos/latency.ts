import { until } from '../support/until.ts';
import { atRate } from './client.ts';
import type { World } from './world.ts';

const PER_SECOND = 200;

/** 99 of 100 of these pushes to APNs, 200 a second, arrived within so many milliseconds of being posted. @param more fields of each */
export async function p99(world: World, seconds: number, more: object = {}): Promise<number> {
  const postedAt = new Map<number, number>();
  await atRate(seconds * PER_SECOND, PER_SECOND, () => {
    const targets = world.targets(1);
    for (const { index } of targets) postedAt.set(index, Date.now());
    return world.client.post([targets], 1, more);
  });
  await until(async () => {
    const { delivered } = await world.peer.read();
    return [...postedAt.keys()].every((index) => (delivered[index] ?? 0) > 0);
  }, 'all of these pushes arrive');
  const { arrivedAt } = await world.peer.read();
  const waits = [...postedAt].map(([index, at]) => (arrivedAt[index] || Date.now()) - at).sort((a, b) => a - b);
  return waits[Math.floor(waits.length * 0.99)] as number;
}
