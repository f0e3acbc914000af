import { expect, onTestFinished, test } from 'vitest';
import { type SandboxedRelay, startSandboxedRelay } from '../api/openapi/sandboxed-relay.ts';

interface Entry {
  readonly token: string;
  readonly reason: string;
  readonly category: string;
  readonly invalid_token: boolean;
}

async function start(overlay: Record<string, object> = {}): Promise<SandboxedRelay> {
  const relay = await startSandboxedRelay({ core: { sync: true }, ...overlay });
  onTestFinished(() => relay[Symbol.asyncDispose]());
  return relay;
}

async function post(relay: SandboxedRelay, path: string, body: object) {
  const answer = await fetch(relay.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

const push = async (relay: SandboxedRelay, ...notifications: object[]) => {
  const { status, body } = await post(relay, '/api/push', { notifications });
  expect(status).toBe(200);
  return body as { counts: number; logs: Entry[]; request_id: string };
};

const get = async <T>(relay: SandboxedRelay, path: string): Promise<T> =>
  (await fetch(relay.url + path)).json() as Promise<T>;

test('a request becomes mails, one for each address, and each failure is told by itself', async () => {
  const relay = await start();
  const { counts, logs } = await push(
    relay,
    {
      platform: 'email',
      tokens: ['ada@example.com'],
      to: 'sandbox-unregistered@example.com',
      title: 'T',
      message: 'B',
    },
    { platform: 7, tokens: ['nonsense'], message: 'B' },
  );
  expect(counts).toBe(3);
  expect(logs.map(({ token, reason, category, invalid_token }) => [token, reason, category, invalid_token])).toEqual(
    expect.arrayContaining([
      ['sandbox-unregistered@example.com', '5.1.1', 'invalid_token', true],
      ['nonsense', 'InvalidAddress', 'invalid_token', true],
    ]),
  );
  const { deliveries } = await get<{ deliveries: { platform: string; target: string; payload: string }[] }>(
    relay,
    '/sandbox/deliveries',
  );
  expect(deliveries).toMatchObject([{ platform: 'email', target: 'ada@example.com' }]);
  expect(deliveries[0]?.payload).toContain('\r\nSubject: T\r\n');
});

test('greylisting is waited for by `email.backoff`, though the relay never retries other pushes', async () => {
  const relay = await start({ email: { backoff: ['0.05'] } });
  const { logs } = await push(relay, { platform: 'email', tokens: ['sandbox-busy-once@example.com'], message: 'B' });
  expect(logs).toEqual([]);
});

test('a cut after the final dot is repeated with the same Message-ID', async () => {
  const relay = await start({ email: { backoff: ['0.05'] } });
  const { logs } = await push(relay, { platform: 'email', tokens: ['sandbox-cut@example.com'], message: 'B' });
  expect(logs).toEqual([]);
});

test('a refused mail is explained with what to do about it, and log lines do not name the receiver', async () => {
  const relay = await start();
  const { request_id } = await push(relay, {
    platform: 'email',
    tokens: ['sandbox-unregistered@example.com'],
    message: 'B',
  });
  await expect
    .poll(async () => JSON.stringify(await get(relay, `/v1/pushes/${request_id}`)))
    .toContain('There is no such mailbox: delete the address.');
  expect(relay.errors()).toContain('s***@example.com');
  expect(relay.errors()).not.toContain('sandbox-unregistered@');
});

test('an app of /v1/apps brings a server of its own, at a public address, and no file of this machine', async () => {
  const relay = await start();
  const own = { host: 'smtp.example.com', from: 'shop@example.com' };
  const refused = async (email: object) => {
    const { body } = await post(relay, '/v1/apps', { name: 'shop', email });
    return (body as { details?: { path: string }[] }).details?.map(({ path }) => path);
  };
  expect(await refused({ ...own, username: 'u' })).toEqual(['email.password']);
  expect(await refused({ ...own, from: 'shop' })).toEqual(['email.from']);
  expect(await refused({ ...own, dkim: { key_path: '/etc/passwd' } })).toEqual(['email.dkim.key_path']);
  expect(await refused({ ...own, dkim: { domain: 'example.com', selector: 's', key: 'x' } })).toEqual([
    'email.dkim.key',
  ]);
  const made = await post(relay, '/v1/apps', {
    name: 'shop',
    email: { ...own, username: 'u', password: 'secret-word' },
  });
  expect(made.status).toBe(201);
  expect(JSON.stringify(made.body)).not.toContain('secret-word');
});
