import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Hub } from '../../../src/host/open-hub.ts';
import { haveSamplePerson } from '../../../src/host/sandbox/sample-person.ts';
import { startSandboxedRelay } from '../../api/openapi/sandboxed-relay.ts';
import { eventually } from '../../support/eventually.ts';

async function startHub(hub: object = {}) {
  const relay = await startSandboxedRelay({ hub: { enabled: true, path: '', ...hub } });
  onTestFinished(() => relay[Symbol.asyncDispose]());
  const ask = async (line: string, body?: object) => {
    const [method = '', path = ''] = line.split(' ');
    const answer = await fetch(relay.url + path, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
    // biome-ignore lint/suspicious/noExplicitAny: what it holds is what the test is about
    return (await answer.json()) as any;
  };
  return { hub: relay.hub as Hub, ask };
}

test('a store in which nothing has ever been gets a person with a phone of each kind, and all three can be sent to', async () => {
  const { hub, ask } = await startHub();
  expect(await haveSamplePerson(hub)).toBe(true);
  const { devices } = await ask('GET /v1/users/ada/devices');
  expect(devices.map(({ platform }: { platform: string }) => platform).toSorted()).toEqual([
    'android',
    'huawei',
    'ios',
  ]);
  await ask('POST /v1/notifications', { id: 'n1', to: { users: ['ada'] }, title: 'Hello', message: 'hi' });
  await eventually(async () =>
    expect(await ask('GET /v1/notifications/n1')).toMatchObject({ status: 'done', counts: { sent: 4, failed: 0 } }),
  );
  // Again, as by the next start: nothing is made twice.
  expect(await haveSamplePerson(hub)).toBe(true);
  expect((await ask('GET /v1/users/ada/devices')).devices).toEqual(devices);
});

test('who erases the sample does not get it again', async () => {
  const { hub, ask } = await startHub();
  await haveSamplePerson(hub);
  await ask('DELETE /v1/users/ada');
  expect(await haveSamplePerson(hub)).toBe(false);
  expect(await ask('GET /v1/users')).toEqual({ users: [] });
});

test('a store that has people gets no sample', async () => {
  const { hub, ask } = await startHub();
  await ask('PUT /v1/users/bob', {});
  expect(await haveSamplePerson(hub)).toBe(false);
  expect((await ask('GET /v1/users')).users).toMatchObject([{ id: 'bob' }]);
});

test('a PostgreSQL, which other instances share, is left as it is', async () => {
  const { hub } = await startHub();
  const store = { ...hub.store, engine: 'postgres' as const };
  expect(await haveSamplePerson({ ...hub, store })).toBe(false);
  expect(await hub.people.get('default', 'ada')).toBeUndefined();
});

test('the sandbox keeps its people in a file of its own, where real ones never are', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-sample-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { hub } = await startHub({ path: join(folder, 'hub.db') });
  await haveSamplePerson(hub);
  expect(readdirSync(folder).filter((name) => !name.startsWith('hub-sandbox.db'))).toEqual([]);
});
