import { onTestFinished as after, expect, test } from 'vitest';
import { createFeedbackHook, type FeedbackHook, type FeedbackHookOptions } from '../../src/feedback/hook.ts';
import { coreHook } from '../../src/feedback/hook-target.ts';
import { push, startGuardedRelay } from '../auth/guarded-relay.ts';
import { eventually } from '../support/eventually.ts';
import { failed, settlement } from '../support/settlement.ts';
import { startHook } from './hook-server.ts';

const hang = async () => {
  const server = await startHook(() => 'hang');
  after(() => server.close());
  return server;
};

test('ten calls for each of core.worker_num are under way at the hook of default, ten at that of another app', async () => {
  const hooks = { own: await hang(), acme: await hang() };
  const { url } = await startGuardedRelay({
    core: { feedback_hook_url: hooks.own.origin, worker_num: 2, shutdown_timeout: 0.1 },
    apps: { acme: { webhook: { url: hooks.acme.origin, allow_private: true } } },
    auth: {},
  });
  const tokens = Array.from({ length: 60 }, (_, i) => `sandbox-unregistered-${i}`);
  for (const app of ['default', 'acme']) await push(url, {}, { platform: 2, tokens, message: 'm', app });
  await eventually(() => expect([hooks.own.open.now, hooks.acme.open.now]).toEqual([20, 10]));
  // All have failed by now, and no call more is made.
  await eventually(async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('martlet_feedback_backlog{app="default"} 60');
    expect(metrics).toContain('martlet_feedback_backlog{app="acme"} 60');
  });
  expect([hooks.own.open.most, hooks.acme.open.most]).toEqual([20, 10]);
});

async function hookOf(options: Partial<FeedbackHookOptions>): Promise<FeedbackHook> {
  const { origin } = await hang();
  const target = coreHook({
    feedback_hook_url: origin,
    feedback_timeout: 100,
    feedback_header: [],
    feedback_secret: [],
  });
  const hook = createFeedbackHook({ hookOf: () => target, log: { error() {}, warn() {} }, ...options });
  after(() => hook.close());
  return hook;
}

function fail(hook: FeedbackHook, app: string, count: number): void {
  const tokens = Array.from({ length: count }, (_, i) => `t${i}`);
  const outcomes = tokens.map(() => failed());
  hook.events.settled({ ...settlement(tokens, outcomes), app });
}

const dropped = (hook: FeedbackHook): Record<string, number> =>
  Object.fromEntries(hook.byApp().flatMap(({ app, dropped }) => (dropped > 0 ? [[app, dropped]] : [])));

test('100,000 entries wait in memory, 10,000 of an app but default, and each has a reserve of 1,000', async () => {
  const hook = await hookOf({});
  fail(hook, 'acme', 10_004);
  fail(hook, 'default', 90_008);
  expect(dropped(hook)).toEqual({ acme: 4, default: 8 });
  fail(hook, 'globex', 1016);
  expect(dropped(hook)).toEqual({ acme: 4, default: 8, globex: 16 });
});

test('of what there is no memory for 50,000 wait in the file, of an app but default', async () => {
  let key = 0;
  const nothing = (): void => {};
  const keeper = { keep: () => ++key, forget: nothing, setAside: nothing, taken: nothing, returned: nothing };
  const hook = await hookOf({ keeper: { ...keeper, from: () => [], room: () => 1e12, recover: nothing } });
  fail(hook, 'acme', 60_032);
  expect(dropped(hook)).toEqual({ acme: 32 });
});
