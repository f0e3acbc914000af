import { readdirSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newMasterKey } from '../apps/store/self-service-relay.ts';
import { folderWith } from '../tls/tls-kit.ts';
import { startRelay } from './running-relay.ts';

test('an app made at one worker is known to all, and after a kill; its file is for its owner', async () => {
  const folder = folderWith({ 'master.key': `# this year's\n${newMasterKey()}\n` });
  await using relay = await startRelay({
    core: { processes: 2, sync: true },
    apps: { master_key_path: join(folder, 'master.key') },
  });
  const { apns } = relay.sandbox.credentials;
  const ios = {
    key_base64: Buffer.from(apns.p8).toString('base64'),
    key_id: apns.keyId,
    team_id: apns.teamId,
    production: true,
  };
  const put = async (path: string, body: object) =>
    (await fetch(`${relay.url}${path}`, { method: 'PUT', body: JSON.stringify(body) })).status;
  expect(await put('/v1/apps/acme', { ios, default_topic: 'com.acme' })).toBe(201);
  expect(await put('/v1/apps/acme/providers/ios?probe=true', ios)).toBe(200);
  expect(await put('/v1/apps/acme/providers/ios?probe=true', { ...ios, key_id: 'SOMEBODYS0' })).toBe(422);

  // Each on a connection of its own.
  const push = (): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const sent = request(`${relay.url}/api/push`, { method: 'POST', agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject);
      sent.end(JSON.stringify({ notifications: [{ platform: 1, tokens: ['ab'.repeat(32)], app: 'acme' }] }));
    });
  // Which worker gets a connection is the system's choice: each has to be met, and to know by itself soon.
  for (let known = 0; known < 20; ) known = (await push()) === 200 ? known + 1 : 0;

  relay.child.kill('SIGKILL');
  await relay.ended();
  await relay.restart();
  expect(await push()).toBe(200);
  const files = readdirSync(join(relay.folder, 'data')).filter((name) => name.startsWith('apps.db'));
  for (const name of files) expect(statSync(join(relay.folder, 'data', name)).mode & 0o777, name).toBe(0o600);
});
