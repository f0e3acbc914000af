/** One push a request. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { delaying, nghttpd, type Start, type SystemRun } from '../contest.ts';
import { h2load } from '../h2load.ts';
import { pacedPosting, posting, pushBody } from '../load.ts';
import { measure, percentiles } from '../measure.ts';
import type { Contestant } from '../scenario.ts';
import type { Workbench } from '../workbench.ts';

export const PACE = 1000;

export const singles = (bench: Workbench, start: Start, requests: number, limitMs: number): SystemRun => ({
  start,
  run: (relay) => {
    const bodyPath = bench.write('single', pushBody(bench, 'apns', { notifications: 1, tokens: 1 }));
    const post = (count: number) =>
      posting({ url: relay.pushUrl, bodyPath, pushes: 1, requests: count, connections: 32 });
    return measure(relay, post(Math.ceil(requests / 5)), post(requests), limitMs);
  },
});

/** What an HTTP server of Node makes that reads a body, does nothing and answers: the limit of single-token requests. */
export const emptyServer = (bench: Workbench, requests: number): Contestant => ({
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

export const sync = (bench: Workbench, requests: number): SystemRun => ({
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

export const arrival = (bench: Workbench, seconds: number, limitMs: number): SystemRun => ({
  start: delaying(0),
  run: async (relay, provider) => {
    const pace = { url: relay.pushUrl, platform: 'apns', perSecond: PACE } as const;
    const warmUp = async (): Promise<number> => {
      const taken = await pacedPosting(bench, { ...pace, seconds: 1 })();
      await provider.report();
      return taken;
    };
    const sample = await measure(relay, warmUp, pacedPosting(bench, { ...pace, seconds }), limitMs);
    return { ...sample, ...percentiles((await provider.report())?.arrivals ?? []) };
  },
});
