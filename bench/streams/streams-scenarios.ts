/** The rows of streams: what open ones cost, one event to each of many people, and a steady flow. */
import { type Sample, sleep } from '../measure.ts';
import type { System } from '../relay-process.ts';
import type { Contestant, Plan, Scenario } from '../scenario.ts';
import { type PublishOrder, type StreamClients, startStreamClients } from './stream-clients.ts';
import {
  bareStreams,
  martletStreams,
  mercureStreams,
  ntfyStreams,
  type StreamServer,
  type StreamSystem,
} from './stream-servers.ts';

interface StreamSizes {
  readonly people: number;
  /** After which memory is looked at. */
  readonly quietMs: number;
  /** Events that are published before what is measured. */
  readonly warmUps: number;
  readonly seconds: number;
  readonly limitMs: number;
}

const FULL: StreamSizes = { people: 10_000, quietMs: 20_000, warmUps: 1, seconds: 10, limitMs: 60_000 };
const QUICK: StreamSizes = { people: 1000, quietMs: 3000, warmUps: 1, seconds: 3, limitMs: 60_000 };
const PER_SECOND = 5000;
const REST_MS = 1000;
const KIB = 1024;

type Run = (server: StreamServer, clients: StreamClients, opened: number, before: number) => Promise<Sample>;

function contestant(plan: Plan, system: StreamSystem, people: number, run: Run): Contestant {
  const isBare = system === bareStreams;
  return {
    name: system.name,
    kind: isBare ? 'limit' : system.speech === 'martlet' ? 'system' : 'other',
    judged: system.name === 'Martlet',
    async run() {
      const server = await system.start(plan.bench);
      const clients = await startStreamClients();
      try {
        await sleep(REST_MS);
        const before = server.memory().now;
        const { speech, authorization } = system;
        const opened = await clients.open({ port: server.port, speech, authorization, people });
        return await run(server, clients, opened, before);
      } finally {
        clients.close();
        await server.close();
      }
    },
  };
}

const idle =
  ({ people, quietMs }: StreamSizes): Run =>
  async (server, _clients, opened, before) => {
    await sleep(quietMs);
    const { now } = server.memory();
    return { perSecond: people / opened, kibEach: ((now - before) * KIB) / people, peakMb: now };
  };

const published =
  ({ warmUps, limitMs }: StreamSizes, order: Omit<PublishOrder, 'limitMs'>): Run =>
  async (server, clients) => {
    for (let done = 0; done < warmUps; done++) await clients.publish({ isMany: order.isMany, limitMs });
    await sleep(REST_MS);
    const cpu = server.cpuUs();
    const { seconds, expected, arrived, p50, p99, failure } = await clients.publish({ ...order, limitMs });
    if (arrived === 0) throw new Error(`no event arrived: ${failure}`);
    return {
      perSecond: arrived / seconds,
      cpuUs: (server.cpuUs() - cpu) / arrived,
      ...(p50 === undefined || p99 === undefined ? {} : { p50, p99 }),
      peakMb: server.memory().peak,
      ...{ expected, arrived },
    };
  };

export function streamsScenarios(plan: Plan): Scenario[] {
  const sizes = plan.quick ? QUICK : FULL;
  const { people } = sizes;
  const martlet = martletStreams(plan.systems[0] as System, 'Martlet');
  const oneByOne = martletStreams(plan.systems[0] as System, 'Martlet, a request for each');
  const count = people.toLocaleString('en');
  const rows = (run: (isMany: boolean) => Run, isFlow: boolean): Contestant[] => [
    contestant(plan, bareStreams, people, run(true)),
    contestant(plan, martlet, people, run(true)),
    ...(isFlow ? [contestant(plan, oneByOne, people, run(false))] : []),
    contestant(plan, ntfyStreams, people, run(false)),
    contestant(plan, mercureStreams, people, run(false)),
  ];
  return [
    {
      name: 'streams-open',
      title: `${count} open streams, idle; per second: opened`,
      goal: { kibTimes: 1.2 },
      contestants: rows(() => idle(sizes), false),
    },
    {
      name: 'streams-each',
      title: `one event to each of ${count} people; p50 and p99 from sent to arrived`,
      goal: { perSecond: 10_000 },
      contestants: rows((isMany) => published(sizes, { isMany }), true),
    },
    {
      name: 'streams-flow',
      title: `${PER_SECOND.toLocaleString('en')} events/s for ${sizes.seconds} s to ${count} people; p50 and p99 from sent to arrived`,
      goal: { p99: 50 },
      contestants: rows((isMany) => published(sizes, { perSecond: PER_SECOND, seconds: sizes.seconds, isMany }), true),
    },
  ];
}
