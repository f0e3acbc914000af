/** Many pushes in few requests, and what else could send them. */
import { CLIENTS, runClient } from '../clients.ts';
import { allSystems, delaying, nghttpd, type Start, type SystemRun, withProvider } from '../contest.ts';
import { monotonicUs } from '../delaying-provider.ts';
import { h2load } from '../h2load.ts';
import { type Platform, posting, providerRequest, pushBody } from '../load.ts';
import { measure, percentiles } from '../measure.ts';
import type { Contestant, Plan } from '../scenario.ts';
import { FCM_PATH, type Workbench } from '../workbench.ts';
import type { Sizes } from './sizes.ts';

const STREAMS = 500;
const SESSIONS = 2;
const DELAY_MS = 100;
/** The connections over which large requests come. */
const POSTERS = 4;

const pathsOf = (bench: Workbench, platform: Platform): string[] =>
  platform === 'apns' ? bench.apnsTokens.map((token) => `/3/device/${token}`) : [FCM_PATH];

export function h2loadLimit(bench: Workbench, platform: Platform, requests: number): Contestant {
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

export const otherClients = (bench: Workbench, platform: Platform, { others, reference }: Sizes): Contestant[] =>
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

export interface Fan {
  readonly platform: Platform;
  readonly notifications: number;
  readonly tokens: number;
  readonly requests: number;
}

export const MOST_WARM_UP = 5;

export const fanOut = (bench: Workbench, start: Start, fan: Fan, limitMs: number): SystemRun => ({
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

export const delayed = delaying(DELAY_MS);

export function backlog(plan: Plan, sizes: Sizes): Contestant[] {
  return [1, 4, 16].flatMap((times) => {
    const fan: Fan = { platform: 'apns', notifications: 100, tokens: 100, requests: sizes.backlog * times };
    const run = fanOut(plan.bench, nghttpd('apns'), fan, sizes.limitMs * 2);
    return allSystems(plan, run).map((one) => ({ ...one, name: `${one.name}, ${times}×`, judged: false }));
  });
}
