import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientNotification, createClient } from '../../src/client/create-client.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const data = mkdtempSync(join(tmpdir(), 'martlet-e2e-'));

let child: ChildProcess;
let output = '';
let url = '';

/** What the process has printed, once it matches. */
async function printed(pattern: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const match = pattern.exec(output);
    if (match) return match;
    if (child.exitCode !== null) throw new Error(`the process ended: ${output}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

beforeAll(async () => {
  const env = {
    ...process.env,
    GORUSH_CORE_PORT: String(await freePort()),
    MARTLET_QUEUE_LOCAL_PATH: join(data, 'queue.db'),
    MARTLET_HUB_PATH: join(data, 'hub.db'),
  };
  child = spawn('npm', ['start'], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  await printed(/Try it:/);
  url = (await printed(/serves (http:\S+)/))[1] as string;
});

afterAll(() => {
  if (child.exitCode === null && child.pid) process.kill(-child.pid, 'SIGKILL');
  rmSync(data, { recursive: true, force: true });
});

/** The process that npm has started. */
const relayPid = (): number =>
  Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').at(-1));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const get = async (path: string) => (await fetch(url + path)).json() as Promise<Record<string, unknown>>;

const push = async (...notifications: ClientNotification[]) => {
  const pushed = await createClient({ url }).push(notifications);
  if (!pushed.ok) throw new Error(pushed.error.message);
  return pushed;
};

const TOPIC = 'com.example.app';

describe('the relay as `npm start` runs it', () => {
  test('says loudly that it is a sandbox, and shows so in /version', async () => {
    expect(output).toContain('SANDBOX');
    expect(await get('/version')).toMatchObject({ version: 'v1.22.0', sandbox: true });
  });

  // One token, and one for the topic: so Gorush counts, on iOS too.
  test('prints a curl line that can be pasted, and the push arrives', async () => {
    const [, line] = await printed(/^ {2}(curl \S+ -H .*)$/m);
    const { stdout } = await run('sh', ['-c', `${line} -s`]);
    expect(JSON.parse(stdout)).toMatchObject({ counts: 2, logs: [], success: 'ok' });
    const [, look] = await printed(/^ {2}(curl \S+\/sandbox\/deliveries)$/m);
    const seen = JSON.parse((await run('sh', ['-c', `${look} -s`])).stdout);
    expect(seen.deliveries[0]).toMatchObject({ platform: 'ios', title: 'Hello', body: 'from Martlet' });
    const [, page = ''] = await printed(/^ {2}(http:\S+\/console)$/m);
    expect((await fetch(page)).status).toBe(200);
  });

  test('prints a line that sends to a person, and shows what was decided for each of three phones', async () => {
    const [, line] = await printed(/^ {2}(curl \S+\/v1\/notifications -H .*)$/m);
    const { stdout } = await run('sh', ['-c', String(line).replaceAll('curl ', 'curl -s ')]);
    const [answer, decided] = stdout.split(/(?<=\})(?=\{"id")/).map((text) => JSON.parse(text));
    expect(answer).toMatchObject({ status: 'pending', recipients: { total: 1, queued: 1 } });
    expect(decided).toMatchObject({ title: 'Hello', people: [{ user: 'ada' }] });
    const devices = decided.people[0].decisions.flatMap(({ device = [] }) => device);
    expect(devices).toEqual(['ada-iphone', 'ada-mate', 'ada-pixel']);
    await expect
      .poll(() => get('/v1/notifications/hello-1'))
      .toMatchObject({ status: 'done', counts: { sent: 4, failed: 0 } });
    expect(readdirSync(data).filter((name) => name.startsWith('hub'))).toContain('hub-sandbox.db');
    const [, words] = await printed(/^ {2}(bin\/martlet explain .*)$/m);
    expect((await run('sh', ['-c', String(words)])).stdout).toMatch(/^hello-1 {2}done: 4 sent\n/);
  });

  test('does what the first lines of docs/hub.md say', async () => {
    const [, lines = ''] =
      /^## Ten lines that work\n.*?^```sh\n(.*?)^```$/ms.exec(readFileSync('docs/hub.md', 'utf8')) ?? [];
    expect(lines.trimEnd().split('\n')).toHaveLength(10);
    const script = lines.replaceAll('http://localhost:8088', url).replaceAll(/^curl /gm, "curl -sSfw '\\n' ");
    const { stdout } = await run('sh', ['-ec', script]);
    const [devices, sent, , , preview, inbox, , , second] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(devices.devices.map(({ platform }: { platform: string }) => platform)).toEqual(['ios', 'huawei', 'android']);
    expect(sent).toMatchObject({
      id: 'n1',
      recipients: { total: 2, queued: 1, unknown: 1, ids: { unknown: ['bob'] } },
    });
    const words = preview.people[0].decisions.map((decision: { words: string }) => decision.words);
    expect(words).toContain('The person has switched push off.');
    expect(inbox.notifications).toEqual(expect.arrayContaining([expect.objectContaining({ id: 'n1' })]));
    expect(second).toMatchObject({ id: 'n2', recipients: { total: 1, queued: 1 } });
  });

  test('carries one request to all three platforms', async () => {
    const before = (await get('/sandbox/deliveries')).total as number;
    const token = 'ab'.repeat(32);
    const { counts, logs } = await push(
      { platform: 1, tokens: [token], topic: TOPIC, message: 'hi' },
      { platform: 2, tokens: ['f1', 'f2'], message: 'hi' },
      { platform: 3, tokens: ['h1'], title: 't', message: 'hi' },
    );
    expect([counts, logs]).toEqual([5, []]);
    expect((await get('/sandbox/deliveries')).total).toBe(before + 4);
  });

  test('tells a dead token from a wrong request, with the provider’s own words', async () => {
    const { logs } = await push(
      { platform: 1, tokens: [`dead0410${'0'.repeat(56)}`], topic: TOPIC, message: 'hi' },
      { platform: 1, tokens: ['ab'.repeat(32)], message: 'without a topic' },
      { platform: 2, tokens: ['sandbox-unregistered'], message: 'hi' },
    );
    const told = logs.map(({ reason, invalid_token, status }) => [reason, invalid_token, status]);
    expect(told).toHaveLength(3);
    expect(told).toEqual(
      expect.arrayContaining([
        ['Unregistered', true, 410],
        ['MissingTopic', false, 400],
        ['UNREGISTERED', true, 404],
      ]),
    );
  });

  test('tries again what the provider could not take now', async () => {
    const { logs } = await push(
      { platform: 1, tokens: [`dead0503${'1'.repeat(56)}`], topic: TOPIC, message: 'hi' },
      { platform: 1, tokens: [`dead0007${'1'.repeat(56)}`], topic: TOPIC, message: 'hi' },
      { platform: 2, tokens: ['sandbox-stale-credential-1'], message: 'hi' },
    );
    expect(logs).toEqual([]);
  });

  test('answers nonsense with 400 and a reason, and lives', async () => {
    for (const nonsense of [
      '',
      '{',
      '[]',
      '{"notifications": {}}',
      '{"notifications": [{"platform": "1"}]}',
      '\0\xff',
    ]) {
      const response = await fetch(`${url}/api/push`, { method: 'POST', body: nonsense });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 400, message: 'Missing notifications field.' });
    }
    expect(await get('/')).toEqual({ text: 'Welcome to notification server.' });
  });

  test('refuses a body over the limit with 413', async () => {
    const response = await fetch(`${url}/api/push`, { method: 'POST', body: 'x'.repeat(11 * 1024 * 1024) });
    expect(response.status).toBe(413);
  });

  test('is ready, counts what it sent, and exposes it to Prometheus', async () => {
    const ready = await get('/readyz');
    expect((ready.checks as { name: string }[]).map(({ name }) => name)).toContain('default/fcm/production');
    const stat = (await get('/api/stat/app')) as { total_count: number; ios: { push_success: number } };
    expect(stat.total_count).toBeGreaterThan(5);
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain(`gorush_ios_success ${stat.ios.push_success}`);
    expect(text).toContain('martlet_sandbox 1');
  });

  test('ends in order when npm alone is killed, and leaves nothing behind', async () => {
    const relay = relayPid();
    expect(isAlive(relay)).toBe(true);
    process.kill(child.pid as number, 'SIGTERM');
    await printed(/SIGTERM: draining/);
    await printed(/stopped/);
    await until(() => !isAlive(relay));
    await expect(fetch(url)).rejects.toThrow();
  });
});
