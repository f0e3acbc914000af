/** What the hub costs while it is off, and while it is on and has nothing to do. */
import { contest, nghttpd, type SystemRun } from '../contest.ts';
import { posting, pushBody } from '../load.ts';
import { measure, sleep } from '../measure.ts';
import type { ConfigOverlay, System } from '../relay-process.ts';
import type { Contestant, Plan } from '../scenario.ts';
import type { HubSizes } from './hub-sizes.ts';
import { emptyFolder, hubOn } from './stock.ts';

const IDLE_MS = 5000;

const singles = ({ bench }: Plan, { singles: requests, limitMs }: HubSizes, config?: ConfigOverlay): SystemRun => ({
  start: nghttpd('apns'),
  ...(config ? { config } : {}),
  async run(relay) {
    await sleep(IDLE_MS);
    const peakMb = relay.memory().now;
    const bodyPath = bench.write('single', pushBody(bench, 'apns', { notifications: 1, tokens: 1 }));
    const post = (count: number) =>
      posting({ url: relay.pushUrl, bodyPath, pushes: 1, requests: count, connections: 32 });
    const sample = await measure(relay, post(Math.ceil(requests / 5)), post(requests), limitMs);
    return { ...sample, startMs: relay.startMs, peakMb };
  },
});

export function hubOff(plan: Plan, sizes: HubSizes): Contestant[] {
  const martlet = plan.systems[0] as System;
  const idle = { ...martlet, name: 'Martlet, hub on' };
  const { before } = plan;
  const off = singles(plan, sizes);
  return [
    ...(before ? [{ ...contest(plan, before, false, off), kind: 'limit' as const }] : []),
    contest(plan, { ...martlet, name: 'Martlet, hub off' }, before !== undefined, off),
    contest(plan, idle, false, singles(plan, sizes, hubOn(emptyFolder(plan.bench)))),
  ];
}
