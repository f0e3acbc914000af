import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SandboxedRelay, startSandboxedRelay } from '../../api/openapi/sandboxed-relay.ts';
import { sha256 } from '../../auth/guarded-relay.ts';
import { eventually } from '../../support/eventually.ts';
import { typed } from '../typed.ts';
import { addAda, news } from './ada.ts';

let relay: SandboxedRelay;
const folder = mkdtempSync(join(tmpdir(), 'martlet-people-'));

const ask = async (line: string, body?: unknown) => {
  const [method = '', path = ''] = line.split(' ');
  const response = await fetch(relay.url + path, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
  return response.json();
};
const run = (...args: string[]) => typed([...args, '--url', relay.url]);

beforeAll(async () => {
  relay = await startSandboxedRelay({ ios: { enabled: false } });
  await addAda(ask);
  await ask('POST /v1/notifications', news);
  await eventually(async () => expect(await ask('GET /v1/notifications/n1')).toMatchObject({ status: 'done' }));
});
afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe('explain', () => {
  test('tells of a notification: its people, each decision with a sentence, and its pushes below', async () => {
    const { code, stdout } = await run('explain', 'n1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^n1 {2}done: 2 sent, 1 suppressed\n.*type news, priority medium.*\n {2}Hello\n/);
    expect(stdout).toContain('  to 2 people: 1 queued, 1 unknown (bob)\n  ada\n');
    expect(stdout).toMatch(
      /2 push iphone: suppressed \(not_configured\)\n +This server is not set up to send by push to ios: the app has no credential for it\.\n/,
    );
    expect(stdout).toMatch(/2 push pixel: sent \(1 attempt, id .*\)\n +The provider has accepted it by push/);
    expect(stdout).toMatch(/Its pushes:\n\nhub-\S+ {2}delivered: 1 delivered/);
    expect(stdout).not.toContain('token-of-the-pixel');
  });

  test('--user tells of one person, or that there is no such one', async () => {
    const ada = await run('explain', 'n1', '--user', 'ada');
    expect(ada.stdout).toContain('push iphone: suppressed');
    expect(ada.stdout).not.toContain('Its pushes');
    const bob = await run('explain', '--user', 'bob', 'n1');
    expect(bob).toMatchObject({ code: 0, stdout: expect.stringContaining('bob is not among those') });
  });

  test('--json is what the API knows, of a notification and of a push', async () => {
    const whole = JSON.parse((await run('explain', 'n1', '--json')).stdout);
    expect(whole).toMatchObject({ id: 'n1', notification: { id: 'n1', people: [{ user: 'ada' }] } });
    const [{ request_id: id }] = whole.pushes;
    expect(JSON.parse((await run('explain', id, '--json')).stdout)).toEqual({ id, pushes: whole.pushes });
  });

  test('of what nothing is known ends with 1, and the reasons are on stderr', async () => {
    const { code, stdout, stderr } = await run('explain', 'n2');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^Nothing is known of this push.*\nthere is no such notification\n$/);
  });
});

describe('users', () => {
  test('are listed, and found by a part of what is known of them', async () => {
    await ask('PUT /v1/users/eve', { name: 'Eve' });
    const list = await run('users');
    expect(list).toMatchObject({ code: 0, stderr: '2 people\n' });
    expect(list.stdout).toMatch(/^ada +Ada +ada@example\.com {2}teams: storage\neve +Eve\n$/);
    expect((await run('users', '--limit', '1')).stderr).toBe('1 person; there are more: --limit\n');
    expect((await run('users', 'list', '--team', 'storage', '--json')).stdout).toMatch(/^\{"id":"ada",.*\}\n$/);
    expect((await run('users', 'find', 'ADA@')).stdout).toMatch(/^ada /);
    expect(await run('users', 'find', 'zoe')).toEqual({ code: 1, stdout: '', stderr: '0 people\n' });
  });

  test('are shown with devices, settings and the newest of the inbox', async () => {
    const { stdout } = await run('users', 'show', 'ada');
    expect(stdout).toMatch(/^ada {2}Ada\n/);
    for (const part of ['email ada@example.com: active, consent never asked for', 'iphone', 'timezone: Europe/Athens'])
      expect(stdout).toContain(part);
    expect(stdout).toMatch(/inbox: 1 unread, 1 unseen\n {2}\S+ {2}n1 {2}news {2}unseen {2}Hello\n$/);
    expect(JSON.parse((await run('users', 'show', 'ada', '--json')).stdout)).toMatchObject({
      user: { id: 'ada' },
      devices: [{ id: 'iphone' }, { id: 'pixel' }],
      settings: { timezone_source: 'user' },
      inbox: { unread: 1 },
    });
    expect(await run('users', 'show', 'zoe')).toEqual({ code: 1, stdout: '', stderr: 'there is no such user\n' });
  });

  test('cannot move the cursor of the terminal, or change its title, by their names', async () => {
    await ask('PUT /v1/users/mal', { name: 'Mal\u001b]0;mine\u0007' });
    expect((await run('users', 'show', 'mal')).stdout).toMatch(/^mal {2}Mal\\x1b\]0;mine\\x07\n/);
    await run('users', 'erase', 'mal', '--yes');
  });

  test('are exported without tokens, and erased only with --yes', async () => {
    await ask('PUT /v1/devices/old', { user: 'tim', platform: 'android', token: 'token-of-tim' });
    const exported = await run('users', 'export', 'tim');
    expect(JSON.parse(exported.stdout)).toMatchObject({ user: { id: 'tim' }, devices: [{ id: 'old' }] });
    expect(exported.stdout).not.toContain('token-of-tim');
    expect(await run('users', 'erase', 'tim')).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    expect((await run('users', 'show', 'tim')).code).toBe(0);
    const erased = await run('users', 'erase', 'tim', '--yes');
    expect(erased).toMatchObject({ code: 0, stdout: expect.stringMatching(/^erased: 1 devices, .*1 users\n$/) });
    expect((await run('users', 'show', 'tim')).code).toBe(1);
    expect(await run('users', 'erase', 'tim', '--yes')).toMatchObject({
      code: 1,
      stdout: 'nothing of this person was there\n',
    });
  });
});

describe('devices', () => {
  test('are listed and shown, without their tokens', async () => {
    const list = await run('devices', 'list', 'ada');
    expect(list.stdout).toMatch(/^iphone +ios, \w+ +active, token \*\*\*c3d4, .*\npixel +android, /);
    const device = await run('devices', 'show', 'pixel');
    expect(device).toMatchObject({ code: 0, stdout: expect.stringContaining('  of ada\n') });
    const all = await run('devices', 'export');
    expect(all.stdout.trimEnd().split('\n')).toHaveLength(2);
    for (const { stdout } of [list, device, all]) expect(stdout).not.toContain('token-of-the-pixel');
    expect(await run('devices', 'show', 'none')).toMatchObject({ code: 1, stderr: 'there is no such device\n' });
    expect((await run('devices', 'list', 'zoe')).code).toBe(1);
  });

  test('are imported from a file, and each row that is not taken is told with its line', async () => {
    const file = join(folder, 'rows.ndjson');
    const good = { id: 'in-1', user: 'ivy', platform: 'android', token: 'imported' };
    const bad = { id: 'in-2', user: 'ivy', platform: 'ios', token: 'zz' };
    writeFileSync(file, [JSON.stringify(good), JSON.stringify(bad), 'no JSON'].join('\n'));
    const { code, stdout, stderr } = await run('devices', 'import', file);
    expect([code, stdout]).toEqual([1, '1 imported (0 moved, 0 rotated), 2 failed\n']);
    expect(stderr).toMatch(/^line 2 \(in-2\): 422 token: .*\nline 3: 400 the row is not JSON in UTF-8\n$/);
    const lines = (await run('devices', 'import', file, '--json')).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ line: 2 }, { line: 3 }, { imported: 1, failed: 2 }]);
    const gone = await run('devices', 'import', join(folder, 'gone'));
    expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('gone cannot be read: ENOENT') });
    await run('users', 'erase', 'ivy', '--yes');
  });
});

test('a relay that wants a key, has no hub, or is not there, is told in a sentence', async () => {
  const keys = { support: { sha256: sha256('a-key'), scopes: ['users'] } };
  await using guarded = await startSandboxedRelay({ auth: { keys } }, { 'x-api-key': 'a-key' });
  const at = ['--url', guarded.url];
  const refused = await typed(['users', ...at]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('give a key with --key, or MARTLET_API_KEY in the environment');
  expect((await typed(['users', ...at], { env: { MARTLET_API_KEY: 'a-key' } })).stderr).toBe('0 people\n');
  expect((await typed(['users', ...at, '--key', 'a-key'])).code).toBe(0);
  const away = await typed(['users', '--url', 'http://user:secret@127.0.0.1:1']);
  expect(away.stderr).toMatch(
    /^the relay at http:\/\/\[REDACTED\]@127\.0\.0\.1:1 cannot be asked: .*\nIs it running\?/,
  );
  await using plain = await startSandboxedRelay({ hub: { enabled: false } });
  const off = await typed(['users', '--url', plain.url]);
  expect(off).toMatchObject({ code: 1, stderr: 'the relay does not serve /v1/users: hub.enabled is false there\n' });
});
