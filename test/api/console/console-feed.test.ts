import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { ConsoleFeed, type ConsoleFeedOptions } from '../../../src/api/console/console-feed.ts';
import { ACCEPTED } from '../../../src/push/push.ts';
import { laneReading, quietMetrics } from '../../observe/metrics/quiet-metrics.ts';
import { failed, settlement } from '../../support/settlement.ts';
import { until } from '../../support/until.ts';
import { readEvents } from './event-reader.ts';

const viewer = (who = '', figures = true) => ({
  ...{ who, figures, apps: [] },
  may: { push: true, admin: true, users: true },
});

/** A feed behind a server on a port of its own. */
async function served(more: Partial<ConsoleFeedOptions> = {}) {
  const metrics = quietMetrics({ lanes: () => [laneReading()] });
  let reads = 0;
  const feed = new ConsoleFeed({
    families: async () => {
      reads++;
      return metrics.snapshot();
    },
    failures: undefined,
    hello: { version: '1' },
    everyMs: 20,
    ...more,
  });
  const server = createServer((req, res) => {
    if (!feed.watch(req, res, viewer(req.headers.authorization))) res.writeHead(503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    feed.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { metrics, feed, url, reads: () => reads };
}

test('a watcher is greeted, and gets frame after frame', async () => {
  const { url, metrics } = await served();
  await using events = await readEvents(url);
  expect(await events.next('hello')).toEqual({ version: '1', ...viewer(), who: undefined });
  expect(await events.next('frame')).not.toHaveProperty('rates');
  metrics.events.settled?.(settlement(['a', 'b'], [ACCEPTED, failed()]));
  for (;;) {
    const { rates, totals } = await events.next('frame');
    expect(rates).toBeDefined();
    if (totals.delivered === 1) break;
  }
  const groups = await events.next('failures');
  expect(groups).toMatchObject([{ reason: 'Unregistered', failed: 1 }]);
});

test('while nobody watches, nothing is read', async () => {
  const { url, feed, reads } = await served();
  await sleep(60);
  expect(reads()).toBe(0);
  {
    await using events = await readEvents(url);
    await events.next('frame');
  }
  await until(() => feed.watchers === 0);
  const before = reads();
  await sleep(100);
  // One may have been under way.
  expect(reads() - before).toBeLessThanOrEqual(1);
});

test('failures are looked up when something fails, not with each frame', async () => {
  let looked = 0;
  const failures = () => {
    looked++;
    return [{ app: 'default', reason: `Reason${looked}`, failed: 1, retried: 0, needs: 'person' as const }];
  };
  const { url, metrics } = await served({ failures, now: () => performance.now() * 100 });
  await using events = await readEvents(url);
  expect(await events.next('failures')).toMatchObject([{ reason: 'Reason1' }]);
  for (let i = 0; i < 10; i++) await events.next('frame');
  const before = looked;
  for (let i = 0; i < 10; i++) await events.next('frame');
  expect(looked).toBe(before);
  metrics.events.settled?.(settlement(['a'], [failed()]));
  await events.next('failures');
  expect(looked).toBeGreaterThan(before);
});

test('whoever comes later gets the lines of the charts so far', async () => {
  const { url } = await served();
  await using first = await readEvents(url);
  for (let i = 0; i < 5; i++) await first.next('frame');
  await using second = await readEvents(url);
  expect(await second.next('past')).toHaveLength(5);
  await second.next('failures');
  await second.next('frame');
  expect(second.names.filter((name) => name === 'past')).toHaveLength(1);
});

test('only so many may watch', async () => {
  const { url, feed } = await served({ maxWatchers: 2 });
  await using _first = await readEvents(url);
  const second = await readEvents(url);
  expect((await fetch(url)).status).toBe(503);
  await second[Symbol.asyncDispose]();
  await until(() => feed.watchers === 1);
  await using third = await readEvents(url);
  expect(third.status).toBe(200);
});

test('a watcher has to come again after a while, and is told so', async () => {
  const { url, feed } = await served({ maxWatchMs: 50 });
  await using events = await readEvents(url);
  await events.next('again');
  await events.ended();
  expect(feed.watchers).toBe(0);
});

test('close ends all streams with a word, and takes no further watcher', async () => {
  const { url, feed } = await served();
  await using events = await readEvents(url);
  await events.next('frame');
  feed.close();
  await events.next('bye');
  await events.ended();
  expect((await fetch(url)).status).toBe(503);
});

test('figures that cannot be read are told as trouble, without the error, and come back', async () => {
  let broken = true;
  const metrics = quietMetrics();
  const families = async () => {
    if (broken) throw new Error('redis://:secret@host');
    return metrics.snapshot();
  };
  const { url } = await served({ families });
  await using events = await readEvents(url);
  expect(JSON.stringify(await events.next('trouble'))).not.toContain('secret');
  broken = false;
  await events.next('frame');
});

test('one key does not take the places of the others', async () => {
  const { url, feed } = await served({ maxWatchers: 4, maxOfKey: 2 });
  const watch = (authorization: string) => fetch(url, { headers: { authorization } });
  const answers = [];
  for (const key of ['a', 'a', 'a', 'b']) answers.push(await watch(key));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 503, 200]);
  expect(feed.watchers).toBe(3);
  for (const { body } of answers) await body?.cancel();
});

test('with an hour that is kept, figures are read without watchers, and a new one gets what was before', async () => {
  let clock = 0;
  const { url, feed, metrics, reads } = await served({ keepMs: 10, now: () => (clock += 10_000) });
  metrics.events.settled?.(settlement(['a'], [failed()]));
  await until(() => reads() >= 3);
  expect(feed.watchers).toBe(0);
  await using events = await readEvents(url);
  const hour = await events.next('hour');
  expect(hour.length).toBeGreaterThanOrEqual(2);
  expect(hour[0]).toMatchObject({ at: expect.any(Number), depth: 0, latency: {} });
  expect(hour.at(-1)).toHaveProperty('rates');
});

test('after the end nothing is kept any more', async () => {
  const { feed, reads } = await served({ keepMs: 5 });
  await until(() => reads() >= 1);
  feed.close();
  const before = reads();
  await sleep(60);
  // One may have been under way.
  expect(reads() - before).toBeLessThanOrEqual(1);
});

test('a frame says what /readyz says of what is not well, the worst first', async () => {
  const checks = [
    { name: 'queue', status: 'pass' },
    { name: 'default/fcm/production', status: 'warn', output: 'breaker open' },
    { name: 'hub', status: 'fail', output: 'PostgreSQL does not answer' },
  ] as const;
  const { url } = await served({ ready: () => ({ status: 503, body: { status: 'fail', checks } }) });
  await using events = await readEvents(url);
  expect(await events.next('frame')).toMatchObject({
    status: 'fail',
    causes: [{ name: 'hub' }, { name: 'default/fcm/production', output: 'breaker open' }],
  });
});
