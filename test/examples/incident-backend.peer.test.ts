import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { needs } from '../support/needs.ts';
import { startFcm, startGorush } from '../support/real-gorush.ts';

type Json = Record<string, never>;

/** The example as its README starts it in a checkout, on a free port. */
async function startExample(file: string, environment: Readonly<Record<string, string>> = {}) {
  const args = ['--conditions=martlet-source', 'examples/incident-backend/server.js', '0', file];
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  onTestFinished(() => void child.kill('SIGKILL'));
  const [url] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error(`it ended: ${errors}`))),
  ]);
  const call = async (method: string, path: string, body?: object): Promise<Json> => {
    const response = await fetch(url + path, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
    return { ...((await response.json()) as object), code: response.status } as unknown as Json;
  };
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    return code;
  };
  return { call, stop };
}

const PHONE = 'a1b2c3d4'.repeat(8);

test('the example back end registers phones, sends incidents and tells what became of them, over a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-example-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const first = await startExample(join(folder, 'push.db'));
  expect(await first.call('PUT', '/phones', { user: 'ada', platform: 'ios', token: PHONE })).toMatchObject({
    code: 200,
    user: 'ada',
    created: true,
  });
  const wish = { severities: ['SEV-1', 'SEV-2'], quiet_hours: { start: '22:00', end: '08:00' } };
  expect(await first.call('PATCH', '/people/ada/settings', wish)).toMatchObject({ severities: ['SEV-1', 'SEV-2'] });
  const incident = { title: 'Database down', severity: 'SEV-1', responders: ['ada', 'bob'] };
  const answer = await first.call('POST', '/incidents', incident);
  expect(answer).toMatchObject({ recipients: { total: 2, queued: 1, unknown: 1 } });
  const pushes = async (): Promise<string[]> => {
    const { people } = (await first.call('GET', `/notifications/${answer.notification}`)) as unknown as {
      people: { user: string; decisions: { channel: string; state: string }[] }[];
    };
    return people.flatMap(({ user, decisions }) =>
      decisions.filter(({ channel }) => channel === 'push').map(({ state }) => `${user} ${state}`),
    );
  };
  await expect.poll(pushes).toContain('ada sent');
  expect(await first.call('PUT', '/phones', { user: 'ada', platform: 'ios', token: 'no token' })).toMatchObject({
    code: 422,
    details: [{ path: 'token' }],
  });
  expect(await first.call('GET', '/health')).toMatchObject({ ok: true });
  expect(await first.stop()).toBe(0);
  const second = await startExample(join(folder, 'push.db'));
  const phones = Object.values(await second.call('GET', '/people/ada/phones')) as object[];
  expect(phones).toEqual(expect.arrayContaining([expect.objectContaining({ status: 'active' })]));
  expect(await second.call('DELETE', '/phones', { token: PHONE })).toMatchObject({ removed: true });
  expect(await second.stop()).toBe(0);
});

interface Incident {
  readonly id: string;
  readonly timeline: readonly { readonly type: string; readonly users: readonly string[] }[];
  readonly delivery: Readonly<Record<string, number>>;
}

test('those concerned hear of an update, new assignees that it is theirs, and of a breach all of them once', async () => {
  const { call, stop } = await startExample('');
  await call('PUT', '/phones', { user: 'ada', platform: 'ios', token: PHONE });
  await call('PUT', '/phones', { user: 'bob', platform: 'android', token: 'token-of-bobs-phone' });
  const open = { title: 'Database down', severity: 'SEV-1', responders: ['ada'] };
  const { incident } = (await call('POST', '/incidents', open)) as unknown as { incident: Incident };
  const path = `/incidents/${incident.id}`;
  const told = async () => {
    const { timeline } = (await call('GET', path)) as unknown as Incident;
    return timeline.map(({ type, users }) => `${type} ${users.join(',')}`);
  };
  await call('PATCH', path, { assignees: ['bob'] });
  await call('PATCH', path, { assignees: ['bob'], severity: 'SEV-2', status: 'acknowledged' });
  const all = ['incident.created ada', 'incident.assigned bob', 'incident.updated ada,bob'];
  expect(await told()).toEqual(all);
  await expect
    .poll(async () => ((await call('GET', path)) as unknown as Incident).delivery)
    .toMatchObject({ sent: expect.any(Number) });
  const late = { title: 'Checkout down', severity: 'SEV-1', responders: ['ada', 'bob'], acknowledge_within: 0 };
  const { incident: second } = (await call('POST', '/incidents', late)) as unknown as { incident: Incident };
  const types = async () =>
    ((await call('GET', `/incidents/${second.id}`)) as unknown as Incident).timeline.map(({ type }) => type);
  await expect.poll(types).toEqual(['incident.created', 'incident.sla_breach']);
  // Another round of the watch has passed once the next one is told of.
  const { incident: third } = (await call('POST', '/incidents', late)) as unknown as { incident: Incident };
  await expect
    .poll(async () => ((await call('GET', `/incidents/${third.id}`)) as unknown as Incident).timeline.length)
    .toBe(2);
  expect(await types()).toEqual(['incident.created', 'incident.sla_breach']);
  expect(await call('PATCH', '/incidents/none', {})).toMatchObject({ code: 404 });
  expect(await stop()).toBe(0);
});

test('with PUSH_MODE=none everything is decided, and nothing is sent', async () => {
  const { call, stop } = await startExample('', { PUSH_MODE: 'none' });
  await call('PUT', '/phones', { user: 'ada', platform: 'ios', token: PHONE });
  const answer = await call('POST', '/incidents', { title: 'Database down', severity: 'SEV-1', responders: ['ada'] });
  const { people } = (await call('GET', `/notifications/${answer.notification}`)) as unknown as {
    people: { decisions: { channel: string; state: string; reason?: string }[] }[];
  };
  expect(people.flatMap(({ decisions }) => decisions)).toContainEqual(
    expect.objectContaining({ channel: 'push', state: 'suppressed', reason: 'not_configured' }),
  );
  expect(await stop()).toBe(0);
});

describe('with PUSH_MODE=gorush', needs('gorush'), () => {
  test('a Gorush sends what the back end decides, and what it says of a token is known here', async () => {
    const fcm = await startFcm();
    const gorush = await startGorush(fcm);
    const { call, stop } = await startExample('', { PUSH_MODE: 'gorush', GORUSH_URL: gorush.url });
    // Long enough to be told apart though Gorush masks both ends.
    const tokens = { ada: 'fine:APA91b-the-token-of-adas-phone', bob: 'dead:APA91b-another-one-of-bobs-phone' };
    for (const [user, token] of Object.entries(tokens))
      await call('PUT', '/phones', { user, platform: 'android', token });
    const incident = { title: 'Database down', severity: 'SEV-1', responders: ['ada', 'bob'] };
    const { notification } = await call('POST', '/incidents', incident);
    const pushes = async (): Promise<object> => {
      const { people } = (await call('GET', `/notifications/${notification}`)) as unknown as {
        people: { user: string; decisions: { channel: string; state: string; reason?: string }[] }[];
      };
      const ofPush = people.map(({ user, decisions }) => [user, decisions.find(({ channel }) => channel === 'push')]);
      return Object.fromEntries(ofPush);
    };
    await expect
      .poll(pushes)
      .toMatchObject({ ada: { state: 'sent' }, bob: { state: 'failed', reason: 'UNREGISTERED' } });
    expect(fcm.messages.map(({ token }) => token).toSorted()).toEqual(Object.values(tokens).toSorted());
    expect(await stop()).toBe(0);
  });
});
