/** Sends of the hub beside the same pushes by `/api/push`: to one person each, and to everyone. */
import { contest, delaying, type SystemRun } from '../contest.ts';
import { monotonicUs } from '../delaying-provider.ts';
import { measure, type Sample, sleep, untilDone } from '../measure.ts';
import type { Provider } from '../providers.ts';
import type { RelayProcess, System } from '../relay-process.ts';
import type { Contestant, Plan } from '../scenario.ts';
import type { HttpLoad } from './http-load.ts';
import type { HubSizes } from './hub-sizes.ts';
import { type LoadPart, runPart, send, untilQuiet, withLoad } from './measure-hub.ts';
import { contentOf, FAN, userId } from './requests.ts';
import { hubOn, stockOf } from './stock.ts';

const CONNECTIONS = 64;
/** The connections over which large requests come. */
const POSTERS = 4;

const pushes =
  (load: HttpLoad, relay: RelayProcess, part: LoadPart, each = 1) =>
  async (): Promise<number> =>
    (await runPart(load, relay, part)).succeeded * each;

/** The hub on a copy of a store with so many people. */
function onStock(plan: Plan, people: number, run: SystemRun): Contestant {
  const martlet = plan.systems[0] as System;
  return {
    ...contest(plan, martlet, true, run),
    async run() {
      const folder = await stockOf(plan.bench, martlet, people);
      return contest(plan, martlet, true, { ...run, config: hubOn(folder) }).run();
    },
  };
}

const byPush = (plan: Plan, run: SystemRun): Contestant => ({
  ...contest(plan, { ...(plan.systems[0] as System), name: '/api/push (limit)' }, false, run),
  kind: 'limit',
});

export function hubSendOne(plan: Plan, { people, sent, limitMs }: HubSizes): Contestant[] {
  const part = (name: 'push' | 'send'): LoadPart => ({
    ...{ name, connections: CONNECTIONS, from: 0, count: sent, modulo: people },
  });
  const start = delaying(0);
  const warm = (name: 'push' | 'send'): LoadPart => ({ ...part(name), count: Math.ceil(sent / 5) });
  const run = (name: 'push' | 'send', after: (relay: RelayProcess) => Promise<void>): SystemRun => ({
    start,
    run: (relay) =>
      withLoad((load) =>
        measure(...([relay, pushes(load, relay, warm(name)), pushes(load, relay, part(name)), limitMs] as const), () =>
          after(relay),
        ),
      ),
  });
  return [
    byPush(
      plan,
      run('push', async () => {}),
    ),
    onStock(
      plan,
      people,
      run('send', (relay) => untilQuiet(relay, limitMs)),
    ),
  ];
}

const NAMED = 10_000;
const IDLE_MS = 1000;

/** Those that are named, so that what the send to everyone runs is compiled. */
async function warmUp(relay: RelayProcess, people: number, limitMs: number): Promise<void> {
  const { delivered } = await relay.counts();
  const count = Math.min(NAMED, people);
  await send(relay, contentOf({ users: Array.from({ length: count }, (_, index) => userId(index)) }));
  await untilDone(relay, delivered, count, performance.now() + limitMs);
  await untilQuiet(relay, limitMs);
}

const everyone = (people: number, limitMs: number) => async (relay: RelayProcess, provider: Provider) => {
  await sleep(IDLE_MS);
  const idleMb = relay.memory().now;
  await warmUp(relay, people, limitMs);
  await provider.report();
  const before = await relay.counts();
  const cpu = relay.cpuUs();
  const [begun, begunUs] = [performance.now(), monotonicUs()];
  await send(relay, contentOf({ everyone: true }));
  const delivered = await untilDone(relay, before.delivered + before.failed, people, begun + limitMs);
  const seconds = (performance.now() - begun) / 1000;
  await untilQuiet(relay, limitMs);
  const arrived = delivered - before.delivered;
  const { firstUs = 0 } = (await provider.report()) ?? {};
  const sample: Sample = {
    perSecond: arrived / seconds,
    cpuUs: (relay.cpuUs() - cpu) / Math.max(1, arrived),
    peakMb: relay.memory().peak,
    grownMb: relay.memory().peak - idleMb,
    firstMs: (firstUs - begunUs) / 1000,
    expected: people,
    arrived,
  };
  return sample;
};

export function hubEveryone(plan: Plan, { limitMs }: HubSizes): Contestant[] {
  const { people } = plan;
  const each = FAN.notifications * FAN.tokens;
  const count = Math.ceil(people / each);
  const fan = (requests: number): LoadPart => ({ name: 'fan', connections: POSTERS, from: 0, count: requests });
  return [
    byPush(plan, {
      start: delaying(0),
      run: (relay) =>
        withLoad((load) =>
          measure(relay, pushes(load, relay, fan(1), each), pushes(load, relay, fan(count), each), limitMs),
        ),
    }),
    onStock(plan, people, { start: delaying(0), run: everyone(people, limitMs) }),
  ];
}
