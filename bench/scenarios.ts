/** The rows of the table: what is posted, to which provider, and what must come of it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { CLIENTS, runClient } from './clients.ts';
import { monotonicUs } from './delaying-provider.ts';
import { h2load } from './h2load.ts';
import { type Platform, pacedPosting, posting, providerRequest, pushBody } from './load.ts';
import { measure, percentiles, type Sample } from './measure.ts';
import { type Provider, startDelaying, startNghttpd } from './providers.ts';
import { type ConfigOverlay, type RelayProcess, type System, startRelay } from './relay-process.ts';
import { type Protocol, startPushService, type WebPushScene, webPushScene } from './web-push.ts';
import { runWebPushClient, WEB_PUSH_CLIENTS } from './web-push-clients.ts';
import { FCM_PATH, type Workbench } from './workbench.ts';

/** Least (`perSecond`, `ratio`) and most (the others) that Martlet must reach. */
export interface Goal {
  readonly perSecond?: number;
  /** Of the scenario's limit. */
  readonly ratio?: number;
  readonly cpuUs?: number;
  readonly p50?: number;
  readonly p99?: number;
  readonly peakMb?: number;
  readonly startMs?: number;
}

export interface Contestant {
  readonly name: string;
  /** `limit`: what the ratios of the scenario refer to; `other`: an alternative; `system`: a relay. */
  readonly kind: 'limit' | 'other' | 'system';
  /** Held against the goal. */
  readonly judged: boolean;
  run(): Promise<Sample>;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly goal: Goal;
  readonly contestants: readonly Contestant[];
}

export interface Plan {
  readonly bench: Workbench;
  /** The first is Martlet. */
  readonly systems: readonly System[];
  readonly quick: boolean;
}

interface Sizes {
  readonly fanOut: number;
  readonly fcmFanOut: number;
  readonly webFanOut: number;
  /** Pushes. */
  readonly webOthers: number;
  readonly delayedFanOut: number;
  readonly singles: number;
  readonly delayedSingles: number;
  readonly syncs: number;
  readonly backlog: number;
  readonly reference: number;
  readonly others: number;
  readonly pacedSeconds: number;
  readonly limitMs: number;
}

const FULL: Sizes = {
  fanOut: 40,
  fcmFanOut: 40,
  webFanOut: 40,
  webOthers: 20_000,
  delayedFanOut: 20,
  singles: 60_000,
  delayedSingles: 30_000,
  syncs: 30_000,
  backlog: 10,
  reference: 400_000,
  others: 100_000,
  pacedSeconds: 4,
  limitMs: 60_000,
};

const QUICK: Sizes = {
  fanOut: 15,
  fcmFanOut: 15,
  webFanOut: 10,
  webOthers: 5000,
  delayedFanOut: 6,
  singles: 20_000,
  delayedSingles: 15_000,
  syncs: 8000,
  backlog: 3,
  reference: 150_000,
  others: 20_000,
  pacedSeconds: 2,
  limitMs: 20_000,
};

const STREAMS = 500;
const SESSIONS = 2;
const PACE = 1000;
const DELAY_MS = 100;
/** The connections over which large requests come. */
const POSTERS = 4;

type Start = (bench: Workbench) => Promise<Provider>;

const nghttpd =
  (platform: Platform): Start =>
  (bench) =>
    startNghttpd(bench[platform], bench.certificate, bench.docs);

const delaying =
  (delayMs: number): Start =>
  (bench) =>
    startDelaying(bench.apns, bench.certificate, delayMs);

async function withProvider<T>(bench: Workbench, start: Start, work: (provider: Provider) => Promise<T>): Promise<T> {
  const provider = await start(bench);
  try {
    return await work(provider);
  } finally {
    await provider.close();
  }
}

interface SystemRun {
  readonly start: Start;
  readonly config?: ConfigOverlay;
  run(relay: RelayProcess, provider: Provider): Promise<Sample>;
}

const contest = ({ bench }: Plan, system: System, judged: boolean, { start, config, run }: SystemRun): Contestant => ({
  name: system.name,
  kind: 'system',
  judged,
  run: () =>
    withProvider(bench, start, async (provider) => {
      const relay = await startRelay(bench, system, config);
      try {
        return await run(relay, provider);
      } finally {
        await relay.close();
      }
    }),
});

const allSystems = (plan: Plan, run: SystemRun): Contestant[] =>
  plan.systems.map((system, index) => contest(plan, system, index === 0, run));

const inMemory = (system: System): System => ({
  ...system,
  name: `${system.name}, queue in memory`,
  config: { ...system.config, queue: { local: { path: '' } } },
});

const withoutHistory = (system: System): System => ({
  ...system,
  name: `${system.name}, history off`,
  config: { ...system.config, history: { enabled: false } },
});

/** What `history.enabled` costs: taken in turn, so that a busy minute falls upon both. */
const withAndWithoutHistory = (plan: Plan, run: SystemRun): Contestant[] => {
  const martlet = plan.systems[0] as System;
  return [contest(plan, martlet, false, run), contest(plan, withoutHistory(martlet), false, run)];
};

/** Martlet, Martlet without its queue file, and the others. */
const systemsAndMemory = (plan: Plan, run: SystemRun): Contestant[] => [
  ...allSystems(plan, run),
  contest(plan, inMemory(plan.systems[0] as System), false, run),
];

const pathsOf = (bench: Workbench, platform: Platform): string[] =>
  platform === 'apns' ? bench.apnsTokens.map((token) => `/3/device/${token}`) : [FCM_PATH];

function h2loadLimit(bench: Workbench, platform: Platform, requests: number): Contestant {
  return {
    name: 'h2load (limit)',
    kind: 'limit',
    judged: false,
    run: () =>
      withProvider(bench, nghttpd(platform), async () => {
        const { body, headers } = providerRequest[platform];
        const urls = pathsOf(bench, platform).map((path) => bench[platform].origin + path);
        const { perSecond, succeeded } = await h2load({
          urls: bench.write(`${platform}-urls`, `${urls.join('\n')}\n`),
          bodyPath: bench.write(`${platform}-push`, body),
          headers,
          requests,
          connections: SESSIONS,
          streams: STREAMS,
        });
        return { perSecond, expected: requests, arrived: succeeded };
      }),
  };
}

const otherClients = (bench: Workbench, platform: Platform, { others, reference }: Sizes): Contestant[] =>
  CLIENTS.map((client) => ({
    name: client,
    kind: 'other',
    judged: false,
    run: () =>
      withProvider(bench, nghttpd(platform), async () => {
        const { body, headers } = providerRequest[platform];
        const requests = client === 'own pool' ? reference : others;
        const { succeeded, ...sample } = await runClient({
          client,
          origin: bench[platform].origin,
          paths: pathsOf(bench, platform),
          headers,
          bodyPath: bench.write(`${platform}-push`, body),
          caPath: bench.caPath,
          requests,
          streams: STREAMS,
        });
        return { ...sample, expected: requests, arrived: succeeded };
      }),
  }));

interface Fan {
  readonly platform: Platform;
  readonly notifications: number;
  readonly tokens: number;
  readonly requests: number;
}

const MOST_WARM_UP = 5;

const fanOut = (bench: Workbench, start: Start, fan: Fan, limitMs: number): SystemRun => ({
  start,
  run: async (relay, provider) => {
    const { platform, notifications, tokens, requests } = fan;
    const pushes = notifications * tokens;
    const common = { url: relay.pushUrl, pushes, connections: POSTERS };
    const bodyPath = bench.write(`${platform}-fan-out`, pushBody(bench, platform, fan));
    const post = (count: number) => posting({ ...common, bodyPath, requests: count });
    const warmUp = async (): Promise<number> => {
      const taken = await post(Math.min(MOST_WARM_UP, requests))();
      await provider.report();
      return taken;
    };
    const stamped = async (): Promise<number> => {
      if (start !== delayed) return post(requests)();
      const message = `@${monotonicUs()}@`;
      const stampedPath = bench.write(`${platform}-stamped`, pushBody(bench, platform, { ...fan, message }));
      return posting({ ...common, bodyPath: stampedPath, requests })();
    };
    const sample = await measure(relay, warmUp, stamped, limitMs);
    return { ...sample, ...percentiles((await provider.report())?.arrivals ?? []) };
  },
});

const delayed = delaying(DELAY_MS);

const singles = (bench: Workbench, start: Start, requests: number, limitMs: number): SystemRun => ({
  start,
  run: (relay) => {
    const bodyPath = bench.write('single', pushBody(bench, 'apns', { notifications: 1, tokens: 1 }));
    const post = (count: number) =>
      posting({ url: relay.pushUrl, bodyPath, pushes: 1, requests: count, connections: 32 });
    return measure(relay, post(Math.ceil(requests / 5)), post(requests), limitMs);
  },
});

/** What an HTTP server of Node makes that reads a body, does nothing and answers: the limit of single-token requests. */
const emptyServer = (bench: Workbench, requests: number): Contestant => ({
  name: 'empty node:http (limit)',
  kind: 'limit',
  judged: false,
  run: async () => {
    const server = createServer((request, response) => {
      request.resume();
      request.on('end', () => response.end('{"counts":1,"logs":[],"success":"ok"}'));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const cpu = process.cpuUsage();
      const result = await h2load({
        urls: `http://127.0.0.1:${port}/`,
        bodyPath: bench.write('single', pushBody(bench, 'apns', { notifications: 1, tokens: 1 })),
        headers: { 'content-type': 'application/json' },
        requests,
        connections: 32,
      });
      const { user, system } = process.cpuUsage(cpu);
      const cpuUs = (user + system) / requests;
      return { perSecond: result.perSecond, cpuUs, expected: requests, arrived: result.succeeded };
    } finally {
      server.close();
    }
  },
});

const sync = (bench: Workbench, requests: number): SystemRun => ({
  start: nghttpd('apns'),
  config: { core: { sync: true } },
  run: async (relay) => {
    const times: number[] = [];
    const bodyPath = bench.write('single', pushBody(bench, 'apns', { notifications: 1, tokens: 1 }));
    const post = (count: number) => async (): Promise<number> => {
      const result = await h2load({
        urls: relay.pushUrl,
        bodyPath,
        headers: { 'content-type': 'application/json' },
        requests: count,
        connections: 16,
        logPath: `${bench.dir}/times`,
      });
      times.splice(0, times.length, ...result.times);
      return result.succeeded;
    };
    const sample = await measure(relay, post(Math.ceil(requests / 4)), post(requests), 60_000);
    return { ...sample, ...percentiles(times) };
  },
});

const arrival = (bench: Workbench, seconds: number, limitMs: number): SystemRun => ({
  start: delaying(0),
  run: async (relay, provider) => {
    const warmUp = async (): Promise<number> => {
      const taken = await pacedPosting(bench, relay.pushUrl, PACE, 1)();
      await provider.report();
      return taken;
    };
    const sample = await measure(relay, warmUp, pacedPosting(bench, relay.pushUrl, PACE, seconds), limitMs);
    return { ...sample, ...percentiles((await provider.report())?.arrivals ?? []) };
  },
});

const IDLE_MS = 1000;

const nobody: Start = async () => ({ report: async () => undefined, close: async () => {} });

const start: SystemRun = {
  start: nobody,
  // A user who trusts no CA of his own does not pay for reading it.
  config: { core: { ca_path: '' } },
  run: async (relay) => {
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    return { startMs: relay.startMs, peakMb: relay.memory().now };
  },
};

function backlog(plan: Plan, sizes: Sizes): Contestant[] {
  return [1, 4, 16].flatMap((times) => {
    const fan: Fan = { platform: 'apns', notifications: 100, tokens: 100, requests: sizes.backlog * times };
    const run = fanOut(plan.bench, nghttpd('apns'), fan, sizes.limitMs * 2);
    return allSystems(plan, run).map((one) => ({ ...one, name: `${one.name}, ${times}×`, judged: false }));
  });
}

/** Pushes of one request: 20 notifications to 100 subscriptions each. */
const WEB_FAN = { notifications: 20, targets: 100 };
const WEB_PARALLEL = 64;

function otherWebPush(bench: Workbench, scene: WebPushScene, pushes: number): Contestant[] {
  return WEB_PUSH_CLIENTS.map((client) => ({
    name: client === 'web-push' ? 'web-push (library, HTTP/1.1)' : 'http2-wrapper auto, our encryption',
    kind: client === 'web-push' ? 'limit' : 'other',
    judged: false,
    run: () =>
      withProvider(
        bench,
        () => startPushService(bench, client === 'web-push' ? 'http1' : 'http2'),
        async () => {
          const { subscriptions, pair, subject, payload } = scene;
          const work = {
            client,
            subscriptions,
            pair,
            subject,
            payload,
            caPath: bench.caPath,
            pushes,
            parallel: WEB_PARALLEL,
          };
          const { succeeded, ...sample } = await runWebPushClient(work);
          return { ...sample, expected: pushes, arrived: succeeded };
        },
      ),
  }));
}

const webFanOut = (
  bench: Workbench,
  scene: WebPushScene,
  protocol: Protocol,
  requests: number,
  limitMs: number,
): SystemRun => ({
  start: () => startPushService(bench, protocol),
  config: scene.config,
  run: (relay) => {
    const { notifications, targets } = WEB_FAN;
    const bodyPath = bench.write('web-fan-out', scene.pushBody(notifications, targets));
    const common = { url: relay.pushUrl, pushes: notifications * targets, connections: POSTERS, bodyPath };
    const post = (count: number) => posting({ ...common, requests: count });
    return measure(relay, post(Math.min(MOST_WARM_UP, requests)), post(requests), limitMs);
  },
});

function webPush(plan: Plan, sizes: Sizes): Contestant[] {
  const { bench } = plan;
  const scene = webPushScene(bench);
  const martlet: System = { ...(plan.systems[0] as System), counts: 'metrics' };
  const run = (protocol: Protocol) => webFanOut(bench, scene, protocol, sizes.webFanOut, sizes.limitMs);
  return [
    ...otherWebPush(bench, scene, sizes.webOthers),
    contest(plan, martlet, true, run('http2')),
    contest(plan, { ...martlet, name: `${martlet.name}, HTTP/1.1` }, false, run('http1')),
  ];
}

/** All rows of the table, in its order. */
export function scenarios(plan: Plan): Scenario[] {
  const { bench, quick } = plan;
  const sizes = quick ? QUICK : FULL;
  const { limitMs } = sizes;
  const apns: Fan = { platform: 'apns', notifications: 100, tokens: 100, requests: sizes.fanOut };
  const fcm: Fan = { platform: 'fcm', notifications: 20, tokens: 500, requests: sizes.fcmFanOut };
  return [
    {
      name: 'apns-fan-out',
      title: `APNs fan-out, ${sizes.fanOut} × 100 notifications × 100 tokens`,
      goal: { ratio: 0.6, cpuUs: 4, peakMb: 200 },
      contestants: [
        h2loadLimit(bench, 'apns', sizes.reference),
        ...otherClients(bench, 'apns', sizes),
        ...systemsAndMemory(plan, fanOut(bench, nghttpd('apns'), apns, limitMs)),
      ],
    },
    {
      name: 'fcm-fan-out',
      title: `FCM fan-out, ${sizes.fcmFanOut} × 20 notifications × 500 tokens`,
      goal: { ratio: 0.6, cpuUs: 5 },
      contestants: [
        h2loadLimit(bench, 'fcm', sizes.reference),
        ...allSystems(plan, fanOut(bench, nghttpd('fcm'), fcm, limitMs)),
      ],
    },
    {
      name: 'webpush',
      title: `Web Push, ${sizes.webFanOut} × ${WEB_FAN.notifications} notifications × ${WEB_FAN.targets} subscriptions, to nginx`,
      goal: { perSecond: 5000, ratio: 3, cpuUs: 120 },
      contestants: webPush(plan, sizes),
    },
    {
      name: 'single-async',
      title: 'single-token requests, async, 32 connections',
      goal: { perSecond: 15_000, cpuUs: 55 },
      contestants: [
        emptyServer(bench, sizes.singles),
        ...systemsAndMemory(plan, singles(bench, nghttpd('apns'), sizes.singles, limitMs)),
      ],
    },
    {
      name: 'history-single',
      title: 'single-token requests, async, with the history and without it',
      goal: {},
      contestants: withAndWithoutHistory(plan, singles(bench, nghttpd('apns'), sizes.singles, limitMs)),
    },
    {
      name: 'history-fan-out',
      title: 'APNs fan-out, with the history and without it',
      goal: {},
      contestants: withAndWithoutHistory(plan, fanOut(bench, nghttpd('apns'), apns, limitMs)),
    },
    {
      name: 'single-100ms',
      title: 'single-token requests, provider answers after 100 ms',
      goal: { perSecond: 5000 },
      contestants: allSystems(plan, singles(bench, delayed, sizes.delayedSingles, limitMs)),
    },
    {
      name: 'fan-out-100ms',
      title: 'fan-out, provider answers after 100 ms; p50 and p99 from the first post to arrival',
      goal: { perSecond: 20_000 },
      contestants: allSystems(plan, fanOut(bench, delayed, { ...apns, requests: sizes.delayedFanOut }, limitMs)),
    },
    {
      name: 'sync-single',
      title: 'sync single-token requests, 16 in flight; p50 and p99 of the answer',
      goal: { p50: 2, p99: 5 },
      contestants: allSystems(plan, sync(bench, sizes.syncs)),
    },
    {
      name: 'arrival',
      title: `single-token requests, ${PACE}/s; p50 and p99 from post to arrival at the provider`,
      goal: {},
      contestants: allSystems(plan, arrival(bench, sizes.pacedSeconds, limitMs)),
    },
    {
      name: 'start',
      title: 'start to first healthy answer; memory when idle',
      goal: { startMs: 250, peakMb: 90 },
      contestants: allSystems(plan, start),
    },
    {
      name: 'backlog',
      title: `APNs fan-out with 1, 4 and 16 times the backlog (${sizes.backlog} × 100 × 100)`,
      goal: {},
      contestants: backlog(plan, sizes),
    },
  ];
}
