import { expect, test } from 'vitest';
import { expose } from '../../../src/observe/metrics/exposition.ts';
import { mergeFamilies } from '../../../src/observe/metrics/family.ts';
import { ask, bearer, type GuardedRelay, startGuardedRelay } from '../../auth/guarded-relay.ts';
import { linesOf } from '../../observe/metrics/quiet-metrics.ts';
import { until } from '../../support/until.ts';

const admin = bearer('admin-key');

const call = async ({ url }: GuardedRelay, method: string, path: string, body?: object) => {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await ask(url + path, { method, headers: admin, ...init });
  return { ...answer, json: answer.text === '' ? undefined : JSON.parse(answer.text) };
};

const scrape = async ({ url }: GuardedRelay): Promise<string> => (await ask(`${url}/metrics`, { headers: admin })).text;

const send = (relay: GuardedRelay, users: readonly string[], more: object = {}) =>
  call(relay, 'POST', '/v1/notifications', { message: 'hi', to: { users }, mode: 'push_only', ...more });

async function startHub(): Promise<GuardedRelay> {
  const relay = await startGuardedRelay({ hub: { enabled: true, path: '' } });
  await call(relay, 'PUT', '/v1/devices/phone', { user: 'ada', platform: 'android', token: 'token-of-ada' });
  await call(relay, 'PUT', '/v1/users/bob', { name: 'Bob' });
  return relay;
}

test('a scrape tells what was decided, who could not be reached, and what the store has', async () => {
  const relay = await startHub();
  const sent = await send(relay, ['ada', 'bob', 'cyd']);
  expect(sent.json.recipients).toMatchObject({ queued: 1, no_channel: 1, unknown: 1 });
  await until(async () => (await scrape(relay)).includes('state="sent"'), 'the push has ended');
  const text = await scrape(relay);
  expect(linesOf(text, 'martlet_hub_decisions_total{').toSorted()).toEqual([
    'martlet_hub_decisions_total{app="default",channel="push",state="pending",reason=""} 1',
    'martlet_hub_decisions_total{app="default",channel="push",state="sent",reason=""} 1',
    'martlet_hub_decisions_total{app="default",channel="push",state="suppressed",reason="no_devices"} 1',
  ]);
  expect(linesOf(text, 'martlet_hub_recipients_total{').toSorted()).toEqual([
    'martlet_hub_recipients_total{app="default",outcome="no_channel"} 1',
    'martlet_hub_recipients_total{app="default",outcome="queued"} 1',
    'martlet_hub_recipients_total{app="default",outcome="unknown"} 1',
  ]);
  expect(linesOf(text, 'martlet_hub_overdue_rows')).toEqual(['martlet_hub_overdue_rows 0']);
  expect(linesOf(text, 'martlet_hub_store_up')).toEqual(['martlet_hub_store_up 1']);
  expect(Number(/martlet_hub_store_write_seconds_count (\d+)/.exec(text)?.[1])).toBeGreaterThan(0);
  expect(text).toContain('\nmartlet_hub_people{app="default"} ');
  expect(text).toContain('\nmartlet_hub_devices{app="default",status="active"} 1\n');
  expect(text).not.toMatch(/\b(ada|bob|cyd)\b|phone|token-of/);
});

test('what is held, cancelled, read and replaced is counted by its reason', async () => {
  const relay = await startHub();
  const later = { send_at: new Date(Date.now() + 3_600_000).toISOString() };
  await send(relay, ['ada'], { id: 'held', ...later });
  await call(relay, 'DELETE', '/v1/notifications/held');
  await send(relay, ['ada'], { id: 'first', ...later, collapse_key: 'k' });
  await send(relay, ['ada'], { id: 'second', ...later, collapse_key: 'k' });
  await send(relay, ['ada'], { id: 'read', mode: 'hybrid' });
  await call(relay, 'POST', '/v1/users/ada/notifications/read/read');
  const text = await scrape(relay);
  for (const line of [
    'channel="push",state="deferred",reason="scheduled"} 3',
    'channel="push",state="cancelled",reason="cancelled"} 1',
    'channel="push",state="cancelled",reason="superseded"} 1',
    'channel="realtime",state="read",reason=""} 1',
  ])
    expect(text).toContain(`\nmartlet_hub_decisions_total{app="default",${line}\n`);
  expect(linesOf(text, 'martlet_hub_due_rows')).toEqual(['martlet_hub_due_rows 1']);
});

test('workers of one relay add their counts up, and tell of the store that they share once', async () => {
  const [one, two] = [await startHub(), await startHub()];
  await send(one, ['bob']);
  await send(two, ['bob', 'cyd']);
  const families = [await one.relay.metrics.snapshot(), await two.relay.metrics.snapshot()];
  // As JSON between processes.
  const { text } = expose(mergeFamilies(JSON.parse(JSON.stringify(families))));
  expect(text).toContain('\nmartlet_hub_recipients_total{app="default",outcome="no_channel"} 2\n');
  expect(text).toContain('\nmartlet_hub_recipients_total{app="default",outcome="unknown"} 1\n');
  expect(text).toContain('\nmartlet_hub_store_up 1\n');
  expect(text).toContain('\nmartlet_hub_due_rows 0\n');
});

test('with the hub off there is no series of it', async () => {
  const relay = await startGuardedRelay();
  expect(await scrape(relay)).not.toContain('martlet_hub');
});

test('while removals are paused /readyz warns and answers 200, the gauge is 1, and log and API say so', async () => {
  const relay = await startHub();
  for (let i = 0; i < 60; i++) {
    const token = `sandbox-unregistered-${i}`;
    await call(relay, 'PUT', `/v1/devices/d${i}`, { user: `u${i}`, platform: 'android', token });
  }
  expect((await call(relay, 'GET', '/v1/devices/removals')).json).toEqual({ paused: false });
  expect(linesOf(await scrape(relay), 'martlet_hub_removals_paused{')).toEqual([]);
  await send(
    relay,
    Array.from({ length: 60 }, (_, i) => `u${i}`),
  );
  const ready = () => call(relay, 'GET', '/readyz');
  const checkOf = ({ json }: Awaited<ReturnType<typeof ready>>) =>
    (json.checks as { name: string }[]).find(({ name }) => name === 'hub/removals');
  await until(async () => checkOf(await ready()) !== undefined, 'the pause is seen');
  const answer = await ready();
  expect(answer.status).toBe(200);
  expect(checkOf(answer)).toMatchObject({ status: 'warn', output: expect.stringMatching(/until 2.*Z \(default\)$/) });
  expect(linesOf(await scrape(relay), 'martlet_hub_removals_paused{')).toEqual([
    'martlet_hub_removals_paused{app="default"} 1',
  ]);
  const { json } = await call(relay, 'GET', '/v1/devices/removals');
  expect(json).toEqual({ paused: true, until: expect.stringMatching(/Z$/) });
  expect(relay.lines()).toMatch(/6\d of 6\d devices of app default were called dead|5\d of 6\d devices of app default/);

  expect((await call(relay, 'POST', '/v1/devices/resume-removals')).json.removed).toBeGreaterThan(0);
  expect(checkOf(await ready())).toBeUndefined();
  expect((await call(relay, 'GET', '/v1/devices/removals')).json).toEqual({ paused: false });
  expect(linesOf(await scrape(relay), 'martlet_hub_removals_paused{')).toEqual([
    'martlet_hub_removals_paused{app="default"} 0',
  ]);
  expect(relay.lines()).toContain('dead devices of app default are removed again');
});
