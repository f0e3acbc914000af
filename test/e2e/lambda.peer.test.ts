import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/host/config/load.ts';
import { createServerlessHandler, type ServerlessHandler } from '../../src/host/serverless/create-handler.ts';
import type { GatewayEvent } from '../../src/host/serverless/gateway-event.ts';
import { createLog } from '../../src/observe/log/log.ts';
import { sha256 } from '../auth/guarded-relay.ts';
import type { FullConfig as Config } from '../support/config.ts';
import { type Sandbox, startSandbox } from '../support/sandbox-of-three.ts';

const TOKEN = 'ab'.repeat(32);
const DEAD = `dead0410${'0'.repeat(56)}`;
const push = (...tokens: string[]) =>
  JSON.stringify({ notifications: [{ platform: 1, tokens, topic: 'com.example.app', message: 'hi' }] });

/** As API Gateway's REST APIs send it. */
const v1 = (method: string, path: string, more: Partial<GatewayEvent> = {}): GatewayEvent => ({
  httpMethod: method,
  path,
  headers: { Host: 'abc.execute-api.eu-central-1.amazonaws.com', 'Content-Type': 'application/json' },
  multiValueHeaders: { 'X-Forwarded-For': ['10.0.0.1', '10.0.0.2'] },
  queryStringParameters: null,
  multiValueQueryStringParameters: null,
  requestContext: { stage: 'prod' },
  body: null,
  isBase64Encoded: false,
  ...more,
});

/** As HTTP APIs and function URLs send it. */
const v2 = (method: string, path: string, more: Partial<GatewayEvent> = {}): GatewayEvent => ({
  rawPath: path,
  rawQueryString: '',
  headers: { host: 'abc.lambda-url.eu-central-1.on.aws', 'content-type': 'application/json' },
  requestContext: { stage: '$default', http: { method } },
  isBase64Encoded: false,
  ...more,
});

let sandbox: Sandbox;
let told: string[];

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

async function open(env: Record<string, string> = {}, secondsLeft?: number): Promise<ServerlessHandler> {
  const { apns } = sandbox.credentials;
  const { config } = loadConfig({
    cwd: tmpdir(),
    env: {
      GORUSH_IOS_ENABLED: 'true',
      GORUSH_IOS_KEY_BASE64: Buffer.from(apns.p8).toString('base64'),
      GORUSH_IOS_KEY_TYPE: 'p8',
      GORUSH_IOS_KEY_ID: apns.keyId,
      GORUSH_IOS_TEAM_ID: apns.teamId,
      MARTLET_IOS_SANDBOX_ENDPOINT: sandbox.apns.development,
      ...env,
    },
  });
  told = [];
  const stream = { write: (line: string) => void told.push(line) };
  const log = createLog(config.log as Config['log'], { stdout: stream, stderr: stream });
  const handler = await createServerlessHandler({ config, version: '0', log, extraCa: [sandbox.ca] }, secondsLeft);
  onTestFinished(() => handler.close());
  return handler;
}

const bodyOf = ({ body }: { body: string }) => JSON.parse(body);

describe.each([
  ['1.0', v1],
  ['2.0', v2],
] as const)('an event of payload format %s', (_format, event) => {
  test('is a push, which has its outcome when the function ends', async () => {
    const handler = await open();
    const before = sandbox.delivered();
    const answer = await handler(event('POST', '/api/push', { body: push(TOKEN, DEAD) }));
    expect(sandbox.delivered()).toBe(before + 1);
    expect(answer).toMatchObject({ statusCode: 200, isBase64Encoded: false });
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['x-gorush-version']).toBe('v1.22.0');
    expect(bodyOf(answer).logs).toMatchObject([{ token: DEAD, reason: 'Unregistered', invalid_token: true }]);
  });

  test('may carry its body in base64', async () => {
    const handler = await open();
    const body = Buffer.from(push(TOKEN)).toString('base64');
    const answer = await handler(event('POST', '/api/push', { body, isBase64Encoded: true }));
    expect(bodyOf(answer)).toMatchObject({ counts: 2, logs: [], success: 'ok' });
  });

  test('is answered as over HTTP when it is nonsense, a stranger or without a body', async () => {
    const handler = await open();
    expect(await handler(event('POST', '/api/push', { body: '{' }))).toMatchObject({ statusCode: 400 });
    expect(await handler(event('POST', '/api/push'))).toMatchObject({ statusCode: 400 });
    expect(await handler(event('GET', '/nothing here/ü'))).toMatchObject({
      statusCode: 404,
      body: '404 page not found',
    });
    // It would never end.
    expect(await handler(event('GET', '/v1/console/events'))).toMatchObject({ statusCode: 404 });
    expect(await handler(event('GET', '/healthz'))).toMatchObject({ statusCode: 200, body: '' });
    expect(bodyOf(await handler(event('GET', '/')))).toEqual({ text: 'Welcome to notification server.' });
  });

  test('finds counters of all its requests', async () => {
    const handler = await open();
    await handler(event('POST', '/api/push', { body: push(TOKEN) }));
    await handler(event('POST', '/api/push', { body: push(DEAD) }));
    const stat = bodyOf(await handler(event('GET', '/api/stat/app')));
    expect(stat.ios).toEqual({ push_success: 1, push_error: 1 });
  });

  test('keeps its answer apart from those of others at the same time', async () => {
    const handler = await open();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => handler(event('POST', '/api/push', { body: push(i % 2 ? TOKEN : DEAD) }))),
    );
    expect(answers.map((answer) => bodyOf(answer).logs.length)).toEqual(answers.map((_, i) => (i % 2 ? 0 : 1)));
  });
});

test('without keys nobody administers apps by a function, whatever core.address says', async () => {
  const handler = await open({ GORUSH_CORE_ADDRESS: '127.0.0.1' });
  const answer = await handler(v2('GET', '/v1/apps', { headers: { host: 'localhost' } }));
  expect([answer.statusCode, bodyOf(answer).message]).toEqual([403, expect.stringContaining('set auth.keys')]);
});

test('keys are asked for as over HTTP, and nobody is locked out for others behind the gateway', async () => {
  const handler = await open({ MARTLET_AUTH_KEYS_A_SHA256: sha256('the-key'), MARTLET_AUTH_KEYS_A_SCOPES: 'push' });
  const send = async (headers: Record<string, string>) =>
    (await handler(v2('POST', '/api/push', { headers, body: push(TOKEN) }))).statusCode;
  for (let i = 0; i < 15; i++) expect(await send({ authorization: `Bearer guess-${i}` })).toBe(401);
  expect(await send({ 'X-API-Key': 'the-key' })).toBe(200);
  expect((await handler(v1('GET', '/metrics', { headers: { 'x-api-key': 'the-key' } }))).statusCode).toBe(403);
});

test('the stage of an HTTP API is no part of the path', async () => {
  const handler = await open();
  const requestContext = { stage: 'prod', http: { method: 'GET' } };
  expect((await handler(v2('GET', '/prod/healthz', { requestContext }))).statusCode).toBe(200);
  expect((await handler(v2('GET', '/prod', { requestContext }))).statusCode).toBe(200);
  expect((await handler(v2('GET', '/production', { requestContext }))).statusCode).toBe(404);
});

test('queries of both formats reach the route', async () => {
  const handler = await open();
  const several = { multiValueQueryStringParameters: { a: ['1', '2'] }, queryStringParameters: { a: '2', b: '&' } };
  for (const event of [v1('GET', '/healthz', several), v2('GET', '/healthz', { rawQueryString: 'a=1&b=%26' })])
    expect((await handler(event)).statusCode).toBe(200);
});

test('an event that is no HTTP request is told so', async () => {
  const handler = await open();
  expect(await handler({ source: 'aws.events' } as GatewayEvent)).toMatchObject({ statusCode: 400 });
});

test('what cannot be sent by the end of the function’s time is told as pending', async () => {
  const handler = await open({ MARTLET_IOS_SANDBOX_ENDPOINT: 'https://127.0.0.1:1' }, 2);
  const { logs } = bodyOf(await handler(v2('POST', '/api/push', { body: push(TOKEN) })));
  expect(logs).toMatchObject([{ reason: 'Pending' }, { reason: 'Pending' }].slice(0, logs.length));
  expect(logs.length).toBeGreaterThan(0);
});

test('the feedback hook has been told when the function ends', async () => {
  const heard: string[] = [];
  const hook = createServer((req, res) => {
    req.on('data', (chunk) => heard.push(String(chunk)));
    req.on('end', () => setTimeout(() => res.end(), 100));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void hook.close());
  await once(hook, 'listening');
  const { port } = hook.address() as AddressInfo;
  const handler = await open({ GORUSH_CORE_FEEDBACK_HOOK_URL: `http://127.0.0.1:${port}/` });
  await handler(v2('POST', '/api/push', { body: push(DEAD) }));
  expect(heard.join('')).toContain(DEAD);
  await handler(v2('POST', '/api/push', { body: push(DEAD) }));
  expect(heard).toHaveLength(2);
});

test('the hub is refused at the start, with the reason, whatever its store is', async () => {
  for (const GORUSH_HUB_POSTGRES of ['', 'postgres://hub@db.example/hub'])
    await expect(open({ GORUSH_HUB_ENABLED: 'true', GORUSH_HUB_POSTGRES })).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringMatching(/^hub\.enabled: cannot be on in a function: .*Run the hub as a server/),
    });
});

test('a compressed body is passed on as it came', async () => {
  const handler = await open();
  const body = gzipSync(push(TOKEN)).toString('base64');
  const headers = { 'content-encoding': 'gzip' };
  expect((await handler(v2('POST', '/api/push', { body, headers, isBase64Encoded: true }))).statusCode).toBe(400);
});

describe('the module that Lambda loads', () => {
  const LAMBDA = new URL('../../src/lambda.ts', import.meta.url).href;
  const call = `
    import { handler } from ${JSON.stringify(LAMBDA)};
    const events = JSON.parse(process.argv[1]);
    const context = { getRemainingTimeInMillis: () => 20000 };
    for (const event of events) {
      try { console.log('ANSWER ' + JSON.stringify(await handler(event, context))); }
      catch (error) { console.log('THROWN ' + error.message); }
    }
    process.exit(0);`;

  async function run(events: GatewayEvent[], env: Record<string, string>, config?: string): Promise<string[]> {
    const cwd = mkdtempSync(join(tmpdir(), 'martlet-lambda-'));
    onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
    if (config) writeFileSync(join(cwd, 'config.yml'), config);
    const args = ['--input-type=module', '-e', call, JSON.stringify(events)];
    const child = spawn(process.execPath, args, { cwd, env: { PATH: process.env.PATH, HOME: cwd, ...env } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    await new Promise((resolve) => child.on('close', resolve));
    return output.split('\n').filter((line) => /^(ANSWER|THROWN) /.test(line));
  }

  test('takes its configuration from the environment and the working folder', async () => {
    const events = [v2('POST', '/api/push', { body: push(TOKEN) }), v2('GET', '/up')];
    const config = 'sandbox: {enabled: true}\nios: {enabled: true}\napi: {health_uri: /up}\n';
    const lines = await run(events, { GORUSH_LOG_ACCESS_LEVEL: 'error' }, config);
    expect(lines).toEqual([
      expect.stringMatching(/^ANSWER .*"statusCode":200.*success/),
      expect.stringMatching(/"statusCode":200/),
    ]);
  });

  test('throws what is wrong with it, at each call', async () => {
    const lines = await run([v1('GET', '/'), v1('GET', '/')], {});
    expect(lines).toEqual(Array(2).fill(expect.stringMatching(/^THROWN .*mistakes in the configuration:$/)));
  });

  test('is an entry of the package', async () => {
    const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
    expect(manifest.exports['./lambda'].default).toBe('./dist/lambda.js');
  });
});
