import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { NO_LATE_OUTCOMES } from '../../src/carrier/late-outcomes.ts';
import { openFcm } from '../../src/fcm/open.ts';
import { numberedPools } from '../../src/http2/create-pool.ts';
import { openOutbound } from '../../src/outbound/outbound.ts';
import type { Outcome } from '../../src/push/push.ts';
import { authority, leaf } from '../http2/tls.ts';
import { startOauthServer } from './oauth-server.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

test('FCM behind a gateway that speaks HTTP/1.1 only gets each push as a plain HTTPS request', async () => {
  await using oauth = await startOauthServer();
  const seen: string[] = [];
  const server = createServer({ ...leaf }, (request, response) => {
    seen.push(`${request.httpVersion} ${request.method} ${request.url} ${request.headers.authorization}`);
    request.resume().on('end', () => response.end(JSON.stringify({ name: `projects/p/messages/${seen.length}` })));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const core = { ca_path: '', http_proxy: '' };
  const outbound = openOutbound({ core, extraCa: [authority.ca], createPool: numberedPools() });
  onTestFinished(async () => {
    await outbound.close();
    server.closeAllConnections();
    server.close();
  });
  const credential = {
    type: 'service_account',
    project_id: 'p',
    client_email: 'push@p.iam.gserviceaccount.com',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    token_uri: oauth.uri,
  };
  const section = {
    enabled: true,
    key_path: '',
    credential: JSON.stringify(credential),
    project_id: '',
    max_retry: 0,
    endpoint: `https://localhost:${(server.address() as AddressInfo).port}`,
    connections: 0,
    rate_limit: 0,
    request_timeout: 5,
  };
  const fcm = openFcm({ outbound, env: {}, late: NO_LATE_OUTCOMES, sectionOf: () => undefined, log: () => {} });
  const plan = {
    app: 'default',
    section,
    environment: 'production',
    trusted: true,
    own: true,
    origin: 'file',
  } as const;
  const transport = fcm.transport(plan);
  const targets = Array.from({ length: 50 }, (_, index) => `token-${index}`);
  const notification = { platform: 2, tokens: targets, message: 'hi' };
  const outcomes = await new Promise<Outcome[]>((resolve) => {
    const got: Outcome[] = [];
    transport.send({ notification, kind: 'token', targets, environment: 'production', attempt: 0 }, (_, outcome) => {
      if (got.push(outcome) === targets.length) resolve(got);
    });
  });
  expect(outcomes.every(({ kind }) => kind === 'accepted')).toBe(true);
  expect(new Set(seen)).toEqual(new Set(['1.1 POST /v1/projects/p/messages:send Bearer token-1']));
  await transport.close();
});
