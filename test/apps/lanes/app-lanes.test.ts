import { expect, test } from 'vitest';
import type { App } from '../../../src/apps/app.ts';
import { AppRegistry } from '../../../src/apps/app-registry.ts';
import { appOfStored } from '../../../src/apps/choose-app.ts';
import { fileApp } from '../../../src/apps/file-apps.ts';
import { AppLanes, type AppLanesOptions } from '../../../src/apps/lanes/app-lanes.ts';
import { AppsInUse } from '../../../src/apps/lanes/apps-in-use.ts';
import type { AppSettings } from '../../../src/providers/registry.ts';
import { providers as all, builtIn, providerTable } from '../../../src/providers/registry.ts';
import type { SectionsPlan } from '../../../src/providers/transports.ts';
import {
  ACCEPTED,
  type Failed,
  type Notification,
  type PushTransport,
  type Settlement,
} from '../../../src/push/push.ts';
import { combineEvents } from '../../../src/push/relay-events.ts';
import { encodePushRequest } from '../../../src/push/wire/encode-push-request.ts';
import { createMemoryQueue } from '../../../src/queue/memory-queue.ts';
import type { StoredRequest } from '../../../src/queue/queue.ts';
import { Dispatch } from '../../../src/relay/dispatch.ts';
import { Outcomes } from '../../../src/relay/outcomes.ts';
import { createRestore } from '../../../src/relay/restore.ts';
import type { RetryPolicy } from '../../../src/relay/retry-decision.ts';
import { SyncRequests } from '../../../src/relay/sync-requests.ts';
import { pager } from '../../providers/pager/provider.ts';
import { until } from '../../support/until.ts';

const POLICY: RetryPolicy = {
  firstMs: 5,
  maxMs: 5,
  maxRetry: 3,
  maxAgeMs: 60_000,
  free: { least: 0, renewal: false },
};

const stored = (name: string, settings: AppSettings): App => ({ ...fileApp(name, settings), origin: 'store' });

const DISTRICTS = Array.from({ length: 30 }, (_, index) => String(10 + index));

/** What providers say to a push of an app; undefined: accepted. */
type Refuse = (plan: SectionsPlan) => Failed | undefined;

/** A relay over lanes whose transports note what they were made for. */
function startLanes(options: Partial<AppLanesOptions> = {}, refuse: Refuse = () => undefined, providers = builtIn) {
  const registry = new AppRegistry([], providers);
  const sent: string[] = [];
  const settled: Settlement[] = [];
  const build = (plan: SectionsPlan): PushTransport => ({
    send({ targets }, settle) {
      for (const [index, target] of targets.entries()) {
        const failed = refuse(plan);
        if (!failed) sent.push(`${plan.row.name} ${plan.environment} ${target}`);
        settle(index, failed ?? ACCEPTED);
      }
    },
    status: () => ({ status: 'pass', sessions: 1, inFlight: 0, capacity: 1000 }),
    close: async () => {},
  });
  const ios = { key_base64: 'aa', key_type: 'p8', key_id: 'A', team_id: 'B' };
  const values: Record<string, unknown> = {
    'ios.enabled': true,
    'ios.production': false,
    'pager.districts': DISTRICTS,
  };
  const config = providers.configSchema.build(({ path, leaf }) => values[path] ?? leaf.default);
  const inUse = new AppsInUse({ config, registry, inherit: true, sandbox: false });
  const events = combineEvents([{ settled: (each) => void settled.push(each) }]);
  const sync = new SyncRequests();
  const outcomes = new Outcomes({ policyOf: () => POLICY, sync, events });
  const restored = createRestore({
    decoder: providers.decoder,
    appOf: (notification) => appOfStored(registry, notification, options.find !== undefined),
    outcomes,
    onDamage: (message) => expect.unreachable(message),
  });
  const lanes = new AppLanes({
    apps: inUse,
    registry,
    cache: 10,
    build,
    openQueue: ({ wake }) => createMemoryQueue({ limit: 1000, wake }),
    outcomes,
    restore: restored,
    drainMs: 1000,
    tell: () => {},
    ...options,
  });
  const relay = new Dispatch({ lanes, outcomes, sync, events });
  /** What a queue does with a request that was accepted before, or elsewhere. */
  const restore = (notification: Notification): void => {
    const body = Buffer.from(encodePushRequest([notification]));
    const request: StoredRequest = { id: 'r', app: 'default', acceptedAt: Date.now(), body, isDone: () => false };
    const entries = restored(request, lanes);
    if ('unreadable' in entries) expect.unreachable(entries.unreadable);
    else for (const entry of entries) void lanes.append([entry], body);
  };
  return { registry, lanes, relay, queue: lanes.queue, sent, settled, restore, ios };
}

const push = (app: string, more: Partial<Notification> = {}): Notification => ({
  platform: 1,
  tokens: ['t'],
  app,
  ...more,
});

test('what waits for an app that another instance has just made is sent when it is known, where the app says', async () => {
  const relay = startLanes({
    async find() {
      relay.registry.set(stored('acme', { ios: { ...relay.ios, production: true } }));
    },
  });
  relay.restore(push('acme'));
  relay.restore(push('acme', { tokens: ['u'], development: true }));
  await until(() => relay.settled.length === 2);
  expect(relay.sent.sort()).toEqual(['apns development u', 'apns production t']);
});

test('what waits for an app that nobody has is told so, once that is known', async () => {
  let looks = 0;
  const relay = startLanes({
    async find() {
      if (++looks === 1) throw new Error('the store is away');
    },
  });
  relay.restore(push('acme'));
  await until(() => relay.settled.length > 0);
  expect(relay.settled[0]?.outcomes).toMatchObject([{ category: 'disabled', reason: 'UnknownApp' }]);
  expect(looks).toBe(2);
});

test('where there is no store, what is for an app that is gone fails at once', () => {
  const relay = startLanes();
  relay.restore(push('acme'));
  expect(relay.settled[0]?.outcomes).toMatchObject([{ reason: 'UnknownApp' }]);
});

test('a name that no app can have makes no lane, though nobody knows which apps there are', () => {
  const relay = startLanes();
  relay.registry.unsure = 'the store is away';
  for (const app of ['a/b/c', '__proto__', 'x'.repeat(65)]) relay.restore(push(app, { platform: 2 }));
  expect(relay.settled).toHaveLength(3);
  expect([...relay.lanes].filter(({ app }) => app !== 'default')).toEqual([]);
});

test('a credential that was mended is tried at once, whatever the breaker has learnt of the old one', async () => {
  let isBroken = true;
  const refused: Failed = { kind: 'failed', category: 'credential', reason: 'InvalidProviderToken', error: 'no' };
  const relay = startLanes({}, () => (isBroken ? refused : undefined));
  relay.registry.set(stored('acme', { ios: relay.ios }));
  const breaker = () =>
    [...relay.lanes].find(({ app, environment }) => app === 'acme' && environment === 'development')?.lane.status()
      .breaker;
  for (let i = 0; breaker() !== 'open'; i++) {
    await relay.relay.accept([push('acme')]);
    await until(() => relay.settled.length > i);
  }
  isBroken = false;
  relay.registry.set(stored('acme', { ios: { ...relay.ios, key_id: 'C' } }));
  expect(breaker()).toBe('closed');
  await relay.relay.accept([push('acme', { tokens: ['mended'] })]);
  await until(() => relay.sent.length > 0);
  expect(relay.sent).toEqual(['apns development mended']);
});

test('after a halt nothing is taken, not by lanes either that are made later', async () => {
  const relay = startLanes();
  relay.registry.set(stored('acme', { ios: relay.ios }));
  relay.lanes.halt();
  await relay.relay.accept([push('acme')]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(relay.sent).toEqual([]);
  expect(relay.queue.depth().waiting).toBe(1);
});

test('a deleted app fails what waits for it as an app that there is not', async () => {
  const relay = startLanes({}, () => ({ kind: 'failed', category: 'not_sent', reason: 'Away', error: 'away' }));
  relay.registry.set(stored('acme', { ios: relay.ios }));
  await relay.relay.accept([push('acme')]);
  await until(() => relay.queue.depth().deferred > 0);
  relay.registry.delete('acme');
  await until(() => relay.settled.length > 0);
  expect(relay.settled[0]?.outcomes).toMatchObject([{ reason: 'UnknownApp' }]);
});

test('after a burst of more apps than apps.cache, no more of them hold connections than may', async () => {
  const relay = startLanes();
  for (let i = 0; i < 50; i++) relay.registry.set(stored(`app${i}`, { ios: relay.ios }));
  for (let i = 0; i < 50; i++) await relay.relay.accept([push(`app${i}`)]);
  await until(() => relay.settled.length === 50);
  const open = () => [...relay.lanes].filter(({ app, transport }) => app !== 'default' && transport.isOpen).length;
  await until(() => open() <= 10);
  expect(open()).toBe(10);
  expect(relay.sent).toHaveLength(50);
});

test('of the parts of a lane, those of which nothing waits are closed when there are too many', async () => {
  const relay = startLanes({ parts: 5 }, () => undefined, providerTable([...all, pager]));
  const parts = () => [...relay.lanes].filter(({ lane }) => lane.id.partition !== undefined).length;
  for (const district of DISTRICTS) {
    await relay.relay.accept([push('default', { platform: pager.number, tokens: [`${district}1`, `${district}2`] })]);
    await until(() => relay.queue.depth().notifications === 0);
    expect(parts()).toBeLessThanOrEqual(5);
  }
  expect(relay.sent).toHaveLength(60);
});

test('a part of a lane with pushes that wait stays, however many there are', async () => {
  const away: Failed = { kind: 'failed', category: 'not_sent', reason: 'Away', error: 'away' };
  let isAway = true;
  const relay = startLanes({ parts: 5 }, () => (isAway ? away : undefined), providerTable([...all, pager]));
  await relay.relay.accept([push('default', { platform: pager.number, tokens: DISTRICTS.map((each) => `${each}1`) })]);
  await until(() => relay.queue.depth().deferred > 0);
  isAway = false;
  await until(() => relay.sent.length === DISTRICTS.length);
  expect(new Set(relay.sent).size).toBe(DISTRICTS.length);
});
