import { randomBytes, randomInt } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { startHook } from '../feedback/hook-server.ts';
import { startOtlpReceiver } from '../observe/tracing/otlp-receiver.ts';
import { until } from '../support/until.ts';
import { Canaries } from './canaries.ts';
import { WatchedRelay } from './watched-relay.ts';

const hex = (head: string): string => head + randomBytes(32).toString('hex').slice(head.length);
const word = (): string => randomBytes(12).toString('hex');
const JSON_TYPE = { 'content-type': 'application/json' };
const NDJSON = { 'content-type': 'application/x-ndjson' };
const FAR = () => new Date(Date.now() + 20 * 86_400_000).toISOString();

/** What people are and are told, each of it found again wherever it is. */
function secrets() {
  const canaries = new Canaries();
  const token = (name: string, text: string): string => {
    canaries.add({ name, text, kind: 'token' });
    return text;
  };
  /** A text of which no part may be seen. */
  const text = (name: string): string => {
    const made = `${name} ${randomBytes(18).toString('base64url')}`;
    canaries.add({ name, text: made.slice(name.length + 1), kind: 'key' });
    return made;
  };
  return { canaries, token, text };
}

/** Where no one listens. */
const AWAY = 'http://127.0.0.1:9';

/** Registers, imports, sends by every channel, and does all of it wrongly as well. @returns the answers of refusals */
async function drive(relay: WatchedRelay, { token, text }: ReturnType<typeof secrets>): Promise<readonly string[]> {
  const refused: string[] = [];
  const ask = async (line: string, body?: unknown, headers = JSON_TYPE) => {
    const [method, path] = line.split(' ') as [string, string];
    const answer = await relay.ask(method, path, headers, body);
    if (answer.status >= 400) refused.push(answer.text);
    return answer;
  };
  const done = async (line: string, body?: unknown, headers = JSON_TYPE): Promise<void> => {
    const answer = await ask(line, body, headers);
    expect(answer.status, `${line}: ${answer.text}`).toBeLessThan(300);
  };
  const people = ['sandbox-unregistered', 'sandbox-busy-once', 'fine'];
  for (const [index, head] of people.entries()) {
    const phone = token('phone', `+3069${randomInt(10_000_000, 100_000_000)}`);
    await done(`PUT /v1/users/p${index}`, {
      ...{ name: text('name'), data: { note: text('data') }, phone },
      email: token('mail', `${head}-${word()}@example.com`),
      // Ids of Slack are no secret.
      slack: `U0${randomBytes(5).toString('hex').toUpperCase()}`,
      consent: { email: true, sms: true, slack: true },
    });
    const heads = ['dead0410', 'dead0400', 'dead1429', 'aa'];
    for (const each of heads) {
      const device = {
        platform: 'ios',
        token: token(`token ${each}`, hex(each)),
        user: `p${index}`,
      };
      await done(`PUT /v1/devices/d${index}-${each}`, device);
    }
    const android = token('android', `sandbox-bad-token-${randomBytes(40).toString('hex')}`);
    await done(`PUT /v1/devices/d${index}-a`, { platform: 'android', token: android, user: `p${index}` });
  }
  // Routes of django-push-notifications name the token in their paths.
  const django = token('django', hex('ae'));
  await done('POST /api/push/apns/', { registration_id: django, user_id: 'p0' });
  await done(`GET /api/push/apns/${django}/`);
  await done(`PATCH /api/push/apns/${django}`, { active: false });
  await done(`DELETE /api/push/apns/${django}/`);
  await ask(`GET /api/push/apns/${token('unknown', hex('af'))}/`);
  await ask(`GET /api/push/gcm/${token('unknown', word() + word())}`);
  await ask(`GET /u/${encodeURIComponent(text('link'))}`);
  const row = { id: 'i1', platform: 'ios', user: 'p9' };
  const rows = [
    JSON.stringify({ ...row, token: token('imported', hex('ab')) }),
    JSON.stringify({ ...row, token: token('no token', `zz${word()}`), name: text('row') }),
    `{"token": "${token('half', hex('ac'))}"`,
  ];
  await done('POST /v1/devices/import', rows.join('\n'), NDJSON);
  const said = () => ({ title: text('title'), message: text('message'), data: { more: text('payload') } });
  const everyone = { to: { everyone: true } };
  const channels = ['push', 'email', 'sms', 'slack', 'realtime'];
  await done('POST /v1/notifications', { ...everyone, ...said(), channels, mode: 'redundant' });
  await done('POST /v1/notifications', { ...everyone, ...said(), channels, confidential: true, mode: 'redundant' });
  await done('POST /v1/notifications', { ...everyone, ...said(), digest: { key: 'k', window: '1s' } });
  await done('POST /v1/notifications', { ...everyone, ...said(), send_at: FAR() });
  await done('POST /v1/notifications/preview', { ...everyone, ...said(), channels });
  await done('POST /v1/users/p0/events', { type: 'said', payload: { text: text('event') } });
  // The only requests that have traces.
  const tokens = [token('by hand', hex('dead0410')), token('by hand', hex('dead1429'))];
  await done('POST /api/push', { notifications: [{ platform: 1, tokens, topic: 'com.example', message: 'by hand' }] });
  await done('PUT /v1/incidents/i1', { title: text('incident'), severity: 'SEV-1', assignees: ['p2'] });
  await done('PUT /v1/tasks/t1', { title: text('task'), users: ['p2'] });
  await done('PUT /v1/schedules/s1', { at: FAR(), notification: { ...everyone, ...said() } });
  // What is refused quotes nothing of it.
  await ask('PUT /v1/devices/bad', { platform: 'ios', token: token('malformed', `${hex('ad')}x`), user: 'p0' });
  await ask('PUT /v1/users/bad', { email: token('no mail', `no-mail-${word()}`), phone: token('no phone', word()) });
  await ask('POST /v1/notifications', { ...everyone, ...said(), mode: 'nonsense' });
  await ask('POST /v1/notifications', `{"message": "${text('cut off')}`);
  await ask('PUT /v1/incidents/i2', { title: text('incident'), severity: 1 });
  await ask('PUT /v1/tasks/t2', { title: text('task'), due_on: 'never' });
  expect(refused).toHaveLength(9);
  return refused;
}

/** What `martlet explain` says of each notification, and of the pushes that it came to: but for titles, which name it to who asks. */
async function explain(relay: WatchedRelay): Promise<string> {
  const { notifications } = (await relay.ask('GET', '/v1/notifications?limit=100', {})).body;
  expect(notifications.length).toBeGreaterThan(4);
  const texts: string[] = [];
  for (const [index, { id }] of notifications.entries()) {
    const { title = '', people } = (await relay.ask('GET', `/v1/notifications/${encodeURIComponent(id)}`, {})).body;
    const pushes = people.flatMap(({ decisions }: { decisions: { push_id?: string }[] }) =>
      decisions.flatMap(({ push_id: push }) => push ?? []),
    );
    for (const each of [id, ...pushes.slice(0, index < 3 ? 1 : 0)]) {
      const text = await relay.command('explain', each);
      expect(text, each).toMatch(/queued|sent|failed|held|delivered/);
      texts.push(title === '' ? text : text.replaceAll(title, ''));
    }
  }
  return texts.join('\n');
}

test('names, addresses, tokens and texts of the hub are in no log, figure, trace, refusal, report of a crash or file, whatever goes wrong', async () => {
  const hook = await startHook();
  onTestFinished(() => hook.close());
  const traces = await startOtlpReceiver();
  onTestFinished(() => traces[Symbol.asyncDispose]());
  const scene = secrets();
  const secret = randomBytes(32).toString('base64');
  scene.canaries.add({ name: 'the secret of the sinks', text: secret, kind: 'key' });
  const relay = new WatchedRelay({ MARTLET_MASTER_KEY: randomBytes(32).toString('base64') });
  onTestFinished(() => relay.close());
  await relay.serve({
    sandbox: { enabled: true },
    core: { feedback_hook_url: `${hook.origin}/hook` },
    queue: { backoff: 0.02, local: { path: relay.path('queue.db') } },
    log: { format: 'json', access_level: 'debug', error_level: 'debug', audit: relay.path('audit.log') },
    history: { path: relay.path('history.db') },
    tracing: { endpoint: traces.endpoint },
    email: { backoff: ['0.05'] },
    apps: { path: relay.path('apps.db') },
    hub: {
      ...{ enabled: true, path: relay.path('hub.db'), public_url: 'https://hub.example' },
      sinks: Object.fromEntries(
        [hook.origin, AWAY].map((origin, at) => [
          `sink${at}`,
          { url: `${origin}/sink`, secret: `whsec_${secret}`, allow_private: true },
        ]),
      ),
    },
  });
  const refused = await drive(relay, scene);
  const pending = async () => (await relay.ask('GET', '/v1/notifications?status=pending', {})).body.notifications;
  await until(async () => (await pending()).length === 0, 'what was sent is over');
  await until(() => hook.calls.length > 0, 'failures are told');
  await until(() => traces.spans.length > 2, 'spans have come');
  const failures = await relay.ask('GET', '/v1/pushes?status=failed', {});
  expect(failures.body.pushes.length).toBeGreaterThan(5);
  const explained = await explain(relay);
  relay.signal('SIGPIPE');
  await until(() => relay.files('report').size >= 1, 'a report was asked for');
  const pages = ['/metrics', '/readyz', '/api/config', '/sys/stats', '/api/stat/app', '/version', '/v1/dashboard'];
  const shown = await Promise.all(pages.map(async (path) => `${path} ${(await relay.ask('GET', path, {})).text}`));
  await relay.end('SIGUSR2');
  const reports = [...relay.files('report')].map(([name, text]) => ({ name, text }));
  expect(reports).toHaveLength(2);

  const { canaries } = scene;
  const files = [...relay.files('hub', 'history.db', 'audit.log')].map(([name, text]) => ({ name, text }));
  expect(files.map(({ name }) => name)).toEqual(expect.arrayContaining(['hub-sandbox.db', 'history.db', 'audit.log']));
  const places = [
    { name: 'the logs', text: relay.output() },
    { name: 'refusals', text: refused.join('\n') },
    { name: 'failures', text: failures.text },
    { name: 'traces', text: JSON.stringify(traces.spans) },
    ...shown.map((text) => ({ name: text.slice(0, text.indexOf(' ')), text })),
    { name: 'martlet explain', text: explained },
    ...reports,
    ...files,
  ];
  for (const { name, text } of places) expect(canaries.foundIn(text, { tokens: true }), name).toEqual([]);
  expect(
    hook.calls.filter(({ text }) => text.includes('"said"')),
    'a sink has heard',
  ).not.toEqual([]);
  // A hook hears which token has failed, and what it was to say.
  expect(hook.calls.map(({ text }) => text).join()).toContain('failed-push');
});
