import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { openSqliteAppStore } from '../../../src/apps/store/sqlite-app-store.ts';
import { freePort } from '../../support/free-port.ts';
import { folderWith } from '../../tls/tls-kit.ts';
import { checked } from './check-kit.ts';

const sandbox = { enabled: true };
const noFiles = { queue: { local: { path: '' } }, history: { path: '' }, receipts: { path: '' } };

/** A server on loopback that answers so. */
async function answering(status: number): Promise<string> {
  const server = createServer((_, res) => res.writeHead(status).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return String((server.address() as AddressInfo).port);
}

const core = (port: string) => ({ address: '127.0.0.1', port });

test('folders that can be written pass, and nothing is left in them', async () => {
  const folder = folderWith({});
  const { ok, tried } = await checked({
    ...{ sandbox, core: core(String(await freePort())) },
    queue: { local: { path: join(folder, 'new', 'queue.db') } },
    hub: { enabled: true, path: join(folder, 'hub.db') },
  });
  expect(tried).toMatchObject({
    'queue.local.path': `ok ${folder}/new/queue.db can be made`,
    'history.path': `ok ${folder}/new/history.db can be made`,
    'receipts.path': expect.stringMatching(/^ok/),
    'hub.path': expect.stringMatching(/^ok/),
  });
  expect(ok).toBe(true);
  expect(readdirSync(folder)).toEqual([]);
});

test('a folder that cannot be written fails the check, with the key and the way out', async () => {
  const folder = folderWith({ file: '' });
  const { ok, tried } = await checked({
    ...{ sandbox, ...noFiles },
    queue: { local: { path: join(folder, 'file', 'queue.db') } },
  });
  expect(ok).toBe(false);
  expect(tried['queue.local.path']).toBe(`FAIL ${folder}/file/queue.db cannot be written: ${folder}/file is no folder`);
  const readOnly = await checked({
    ...{ sandbox, ...noFiles },
    stat: { engine: 'sqlite', sqlite: { path: '/proc/x/stat.db' } },
  });
  expect(readOnly.tried['stat.sqlite.path']).toMatch(
    /^FAIL \/proc\/x\/stat\.db cannot be written: \/proc: .*; let the user/,
  );
});

test('a file of another program, and a folder in the place of a file, fail the check', async () => {
  const folder = folderWith({});
  const foreign = join(folder, 'notes.db');
  const db = new DatabaseSync(foreign);
  db.exec('CREATE TABLE notes (text)');
  db.close();
  const { tried } = await checked({
    ...{ sandbox, ...noFiles },
    queue: { local: { path: foreign } },
    history: { path: folder },
  });
  expect(tried['queue.local.path']).toMatch(/^FAIL .*notes\.db .* no queue file of Martlet/);
  expect(tried['history.path']).toBe(`FAIL ${folder} is a folder: name a file in it`);
});

test('a port that another program holds fails the check and names the key; one of a running relay is a warning', async () => {
  const taken = await answering(404);
  const { ok, tried } = await checked({ sandbox, ...noFiles, core: core(taken) });
  expect(ok).toBe(false);
  expect(tried['core.port']).toContain(
    `FAIL ${taken} is taken by another program: end it (lsof -i :${taken} names it), or set core.port to a free port`,
  );
  const served = await answering(200);
  const beside = await checked({ sandbox, ...noFiles, core: core(served) });
  expect(beside.ok).toBe(true);
  expect(beside.tried['core.port']).toMatch(/^warn .* taken by a relay that is running/);
});

test('ports of gRPC and of administration are tried, too', async () => {
  const taken = await answering(404);
  const { tried } = await checked({
    ...{ sandbox, ...noFiles },
    core: { ...core(String(await freePort())), admin_address: `127.0.0.1:${taken}` },
    grpc: { enabled: true, port: taken },
  });
  expect(tried['core.admin_address']).toMatch(/^FAIL .*or set core\.admin_address to a free port/);
  expect(tried['grpc.port']).toMatch(/^FAIL /);
});

const keyOf = (apps: readonly string[]) => ({
  keys: { backend: { sha256: ['0'.repeat(64)], scopes: ['push'], apps } },
});

test('apps that keys name have to be there: in the file, or in the store of those made at run time', async () => {
  const config = { sandbox, ...noFiles };
  const good = await checked({ ...config, apps: { acme: { default_topic: 'a' } }, auth: keyOf(['default', 'ACME']) });
  expect(good.tried['auth.keys.backend.apps']).toBe('ok default, ACME');
  const none = { path: join(folderWith({}), 'apps.db') };
  const bad = await checked({ sandbox, ...noFiles, apps: none, auth: keyOf(['gone']) });
  expect(bad.ok).toBe(false);
  expect(bad.tried['auth.keys.backend.apps']).toBe('FAIL there is no app gone: name it under apps, or another here');
  const folder = folderWith({});
  const path = join(folder, 'apps.db');
  const store = openSqliteAppStore(path, 1000);
  await store.put('made', '{}', 'absent');
  await store.close();
  const stored = await checked({ sandbox, ...noFiles, apps: { path }, auth: keyOf(['made', 'later']) });
  expect(stored.ok).toBe(true);
  expect(stored.tried['auth.keys.backend.apps']).toMatch(/^warn there is no app later: it has to be made by/);
});

test('brokers and databases that cannot be reached fail the check, without a password in the text', async () => {
  const { ok, lines, tried } = await checked({
    ...{ sandbox, ...noFiles },
    queue: { engine: 'redis', redis: { addr: '127.0.0.1:1', password: 'hush' } },
    stat: { engine: 'redis', redis: { addr: '127.0.0.1:1' } },
    hub: { enabled: true, postgres: 'postgres://u:hush@127.0.0.1:1/x', path: '', redis: 'redis://:hush@127.0.0.1:1' },
  });
  expect(ok).toBe(false);
  for (const key of ['queue.redis.addr', 'stat.redis.addr', 'hub.redis'])
    expect(tried[key]).toMatch(/^FAIL Redis at 127\.0\.0\.1:1 cannot be used: connect E/);
  const postgres = lines.filter((line) => line.includes('hub.postgres'));
  expect(postgres).toEqual([
    expect.stringMatching(/FAIL hub\.postgres: .*E[A-Z]+/),
    expect.stringContaining('needs MARTLET_MASTER_KEY'),
  ]);
  expect(lines.join('\n')).not.toContain('hush');
});
