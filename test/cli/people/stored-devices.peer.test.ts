import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { needs } from '../../support/needs.ts';
import { type RunningPostgres, startPostgres } from '../../support/postgres.ts';
import { APNS_TOKEN, addAda } from './ada.ts';
import { type HubRelay, startHubRelay } from './hub-relay.ts';

/** The devices of the store with their tokens, as `martlet devices export --with-tokens FILE` writes them. */
async function movedOut(from: HubRelay, file: string) {
  const { code, stderr } = await from.run(['devices', 'export', '--with-tokens', file]);
  expect(code, stderr).toBe(0);
  const path = join(from.relay.folder, file);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const rows = readFileSync(path, 'utf8').trimEnd().split('\n');
  return { stderr, path, devices: rows.map((row) => JSON.parse(row)) };
}

const both = [
  { id: 'iphone', user: 'ada', token: APNS_TOKEN },
  { id: 'pixel', user: 'ada', token: 'token-of-the-pixel' },
];

test('it reads the file beside a relay that goes on, leaves dead devices out, and what it wrote can be imported elsewhere', async () => {
  await using from = await startHubRelay();
  await addAda(from.ask);
  await from.ask('PUT /v1/devices/lost', { user: 'ada', platform: 'android', token: 'sandbox-unregistered' });
  await from.ask('POST /v1/notifications', { title: 'Hello', to: { devices: ['lost'] } });
  await eventually(async () => expect(await from.ask('GET /v1/devices/lost')).toMatchObject({ status: 'invalid' }));
  const { stderr, path, devices } = await movedOut(from, 'all.ndjson');
  expect(stderr).toBe('2 devices with their tokens; 1 dead ones were left out\n');
  expect(devices).toMatchObject(both);
  const overwriting = await from.run(['devices', 'export', '--with-tokens', 'all.ndjson']);
  expect(overwriting).toMatchObject({ code: 1, stderr: expect.stringContaining('EEXIST') });
  await from.ask('PUT /v1/devices/later', { user: 'ada', platform: 'android', token: 'later' });

  await using to = await startHubRelay();
  const taken = await to.run(['devices', 'import', '-'], readFileSync(path, 'utf8'));
  expect(taken).toMatchObject({ code: 0, stdout: '2 imported (0 moved, 0 rotated), 0 failed\n' });
  expect((await movedOut(to, 'again.ndjson')).devices).toMatchObject(both);
});

test('it reads the file of a relay that is down, which then starts on it', async () => {
  await using from = await startHubRelay({ hub: { path: 'people.db' } });
  await addAda(from.ask);
  from.relay.child.kill();
  await from.relay.ended();
  expect((await movedOut(from, 'all.ndjson')).devices).toMatchObject(both);
  await from.relay.restart();
  const pixel = { user: 'ada', platform: 'android', token: 'new' };
  expect(await from.ask('PUT /v1/devices/pixel', pixel)).toMatchObject({ rotated: true });
  const { code, stderr } = await from.run(['devices', 'export', '--with-tokens', '--config', 'nothing.yml']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('nothing.yml')]);
});

describe('from PostgreSQL', needs('psql'), () => {
  let server: RunningPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.end());

  test('it reads what the relay has there', async () => {
    await using from = await startHubRelay({ hub: { postgres: await server.database() } });
    await eventually(() => addAda(from.ask));
    expect((await movedOut(from, 'all.ndjson')).devices).toMatchObject(both);
  });
});
