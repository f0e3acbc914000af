import { expect, test } from 'vitest';
import { ACCEPTED, type Outcome, type PushTransport } from '../../src/push/push.ts';
import { type Batch, NO_ATTEMPTS, type QueueEntry } from '../../src/queue/queue.ts';
import { Lane, type LaneOptions } from '../../src/relay/lane.ts';
import { laneId } from '../support/lane-id.ts';
import { until } from '../support/until.ts';

const entry = {
  request: { id: 'r' },
  notification: { tokens: [], platform: 1 },
  environment: 'production',
} as unknown as QueueEntry;
const batch = (target: string): Batch => ({
  entry,
  kind: 'token',
  targets: [target],
  offset: 0,
  attempts: NO_ATTEMPTS,
});

/** A lane with a clock that is set by hand, and that may go on by `tick` with each look at it. */
function startLane(outcome: Outcome, targets: readonly string[], options: Partial<LaneOptions>) {
  const clock = { time: 0, tick: 0 };
  const waiting = targets.map(batch);
  const settled: string[] = [];
  const transport: PushTransport = {
    send: ({ targets: sent }, settle) => void sent.forEach((_, index) => void settle(index, outcome)),
    status: () => ({ status: 'pass', sessions: 1, inFlight: 0, capacity: 1000 }),
    close: async () => {},
  };
  const lane = new Lane({
    id: laneId(),
    transport,
    queue: { take: () => waiting.shift() },
    onOutcomes: (of) => void settled.push(...of.targets),
    stale: () => undefined,
    random: () => 0,
    now() {
      clock.time += clock.tick;
      return clock.time;
    },
    ...options,
  });
  lane.wake();
  return { lane, clock, settled };
}

test.for([1, 2, 3, 4, 5, 6, 7, 8])(
  'a permit that comes while a lane looks for it (%i looks later) is used, and not waited for in vain',
  async (looks) => {
    const { lane, clock, settled } = startLane(ACCEPTED, ['a', 'b'], { rateLimit: 50 });
    await until(() => settled.length === 1);
    Object.assign(clock, { time: 20 - looks, tick: 1 });
    await until(() => settled.length === 2);
    expect(settled).toEqual(['a', 'b']);
    lane.halt();
  },
);

test.for([1, 2, 3, 4, 5, 6, 7, 8])(
  'a pause of the breaker that ends while a lane looks at it (%i looks later) is over',
  async (looks) => {
    const away: Outcome = { kind: 'failed', category: 'not_sent', reason: 'Away', error: 'away' };
    const targets = ['a', 'b', 'c', 'd', 'e', 'probe'];
    const { lane, clock, settled } = startLane(away, targets, { maxInFlight: 1 });
    await until(() => settled.length === 5);
    expect(lane.status().breaker).toBe('open');
    Object.assign(clock, { time: 500 - looks, tick: 1 });
    await until(() => settled.length === 6);
    expect(settled).toEqual(targets);
    lane.halt();
  },
);
