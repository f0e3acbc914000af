import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startHook } from '../feedback/hook-server.ts';
import { type RunningRelay, startRelay } from './running-relay.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const DEADLY = fileURLToPath(new URL('./deadly-text.ts', import.meta.url));

const TOKEN = 'a1b2c3d4'.repeat(8);
const readable = { notifications: [{ platform: 1, tokens: [TOKEN], message: 'hi', topic: 'com.example.app' }] };

async function martlet(relay: RunningRelay, ...args: string[]): Promise<{ code: number; output: string }> {
  const line = [MAIN, ...args, '-c', join(relay.folder, 'config.yml')];
  return new Promise((resolve) => {
    execFile(process.execPath, line, (error, stdout) => resolve({ code: Number(error?.code ?? 0), output: stdout }));
  });
}

/** A relay that has ended in order, and its queue file. */
async function stopped(nodeArgs: readonly string[] = []) {
  const hook = await startHook();
  onTestFinished(() => hook.close());
  const relay = await startRelay({ core: { feedback_hook_url: hook.origin } }, {}, undefined, { nodeArgs });
  onTestFinished(() => relay[Symbol.asyncDispose]());
  relay.child.kill('SIGTERM');
  await relay.ended();
  const change = (sql: string, ...values: (string | number)[]): void => {
    const db = new DatabaseSync(join(relay.folder, 'queue.db'));
    db.prepare(sql).run(...values);
    db.close();
  };
  const request = (key: number, id: string, body: string): void => {
    change("INSERT INTO request VALUES (?, ?, 'default', ?, 1, CAST(? AS BLOB), NULL)", key, id, Date.now(), body);
    change('UPDATE totals SET accepted = accepted + 1');
  };
  const report = (key: number, id: string, body: string): void =>
    change('INSERT INTO report (key, app, id, body) VALUES (?, ?, ?, ?)', key, 'default', id, body);
  return { hook, relay, change, request, report };
}

test('a record that this version cannot read fails like any other push, and waits for an operator', async () => {
  const { hook, relay, change, request, report } = await stopped();
  request(1, 'from-elsewhere', '{"notifications":[{"platform":1,"tokens":"no list"}]}');
  request(2, 'healthy', JSON.stringify({ notifications: [{ platform: 1, tokens: ['dead0410'.repeat(8)] }] }));
  report(1, 'msg_bad', 'no json');
  await relay.restart();
  await expect.poll(() => hook.calls.length).toBe(2);
  const bodies = hook.calls.map(({ body }) => body);
  expect(bodies.find(({ request_id }) => request_id === 'from-elsewhere')).toMatchObject({
    type: 'failed-push',
    token: '',
    reason: 'Unreadable',
    category: 'invalid_request',
    retryable: false,
  });
  expect(bodies.find(({ request_id }) => request_id === 'healthy')).toMatchObject({ reason: 'Unregistered' });
  expect(relay.output()).toContain('request from-elsewhere of the queue cannot be read, and is set aside');
  expect(relay.output()).toMatch(/will never hear of some failures.*cannot be read/);
  const metrics = await (await fetch(`${relay.url}/metrics`)).text();
  expect(metrics).toMatch(/martlet_pushes_total\{[^}]*reason="Unreadable"[^}]*\} 1/);
  expect(metrics).toMatch(/martlet_feedback_dropped_total\{[^}]*\} 1/);
  expect(await martlet(relay, 'explain', 'from-elsewhere')).toMatchObject({
    output: expect.stringContaining('Unreadable'),
  });

  const listed = await martlet(relay, 'queue', 'aside');
  expect(listed.output).toMatch(/request {2}from-elsewhere {2}1 pushes {2}of default {2}Unreadable/);
  expect(listed.output).toMatch(/report {3}msg_bad {2}of default {2}Unreadable/);
  expect((await martlet(relay, 'queue', 'verify')).code).toBe(0);

  // As a version would that can read it.
  change("UPDATE aside SET body = CAST(? AS BLOB) WHERE id = 'from-elsewhere'", JSON.stringify(readable));
  expect((await martlet(relay, 'queue', 'release', 'from-elsewhere')).output).toContain('1 released');
  expect((await martlet(relay, 'queue', 'drop', 'msg_bad')).output).toContain('1 dropped');
  relay.child.kill('SIGTERM');
  await relay.ended();
  await relay.restart();
  await expect.poll(() => relay.sandbox.delivered()).toBe(1);
  expect((await martlet(relay, 'queue', 'aside')).output).toContain('nothing is set aside');
  expect((await martlet(relay, 'queue', 'verify')).code).toBe(0);
});

test('a report over which the process dies is set aside; the other reports are heard, and the process lives', async () => {
  const { hook, relay, report } = await stopped(['--import', DEADLY]);
  report(1, 'msg_1', '{"token":"before"}');
  report(2, 'msg_2', '{"token":"deadly-text"}');
  report(3, 'msg_3', '{"token":"after"}');
  let deaths = 0;
  const isGivenUp = (): boolean => /will never hear of some failures.*set aside/.test(relay.output());
  const isOver = async (): Promise<boolean> => {
    await relay.restart().catch(() => {});
    await expect.poll(() => relay.child.signalCode !== null || isGivenUp()).toBe(true);
    return isGivenUp();
  };
  while (!(await isOver())) deaths++;
  expect(deaths).toBe(6);
  await expect.poll(() => new Set(hook.tokens())).toEqual(new Set(['before', 'after']));
  expect((await martlet(relay, 'queue', 'aside')).output).toMatch(
    /report {3}msg_2 {2}of default {2}SetAside after 6 deaths/,
  );
});
