import { join } from 'node:path';
import { credentials, status } from '@grpc/grpc-js';
import { Agent, request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { gorushClient } from '../grpc/clients.ts';
import { ask, authority, folderWith, http2Session } from '../tls/tls-kit.ts';
import { KEYS, startGuardedRelay } from './guarded-relay.ts';

const BODY = JSON.stringify({ notifications: [{ platform: 2, tokens: ['t'], message: 'm' }] });

/** An HTTPS relay that knows two certificates, and keys besides. */
async function startWithCertificates(sections: object = {}) {
  const { cert, key } = authority.leaf(['localhost', '127.0.0.1']);
  const folder = folderWith({ 'cert.pem': cert, 'key.pem': key, 'ca.pem': authority.ca });
  return startGuardedRelay({
    core: {
      ssl: true,
      cert_path: join(folder, 'cert.pem'),
      key_path: join(folder, 'key.pem'),
      client_ca: join(folder, 'ca.pem'),
    },
    auth: {
      keys: KEYS,
      certificates: {
        backend: { subject: 'CN=Backend', scopes: ['push'] },
        scraper: { subject: 'DNS:scraper.example', scopes: ['read'] },
      },
    },
    log: { audit: 'stdout' },
    ...sections,
  });
}

async function https(url: string, names: readonly string[], method: 'GET' | 'POST', headers = {}): Promise<number> {
  const dispatcher = new Agent({ allowH2: false, connect: { ca: authority.ca, ...authority.leaf(names) } });
  onTestFinished(() => dispatcher.destroy());
  const { statusCode, body } = await request(url, {
    dispatcher,
    method,
    headers,
    ...(method === 'POST' ? { body: BODY } : {}),
  });
  await body.dump();
  return statusCode;
}

test('a certificate that a browser shows for a page of another origin does not count', async () => {
  const relay = await startWithCertificates();
  const url = `https://localhost:${relay.port}/api/push`;
  expect(await https(url, ['Backend'], 'POST', { origin: 'https://evil.example' })).toBe(401);
  expect(await https(url, ['Backend'], 'POST', { 'sec-fetch-site': 'cross-site' })).toBe(401);
  expect(await https(url, ['Backend'], 'POST', { origin: `https://localhost:${relay.port}` })).toBe(200);
});

test('a certificate lets in by its common name or an alternative name, within its scopes', async () => {
  const relay = await startWithCertificates();
  const url = `https://localhost:${relay.port}`;
  expect(await https(`${url}/api/push`, ['Backend'], 'POST')).toBe(200);
  expect(await https(`${url}/metrics`, ['Backend'], 'GET')).toBe(403);
  expect(await https(`${url}/metrics`, ['x', 'Scraper.example'], 'GET')).toBe(200);
  expect(await https(`${url}/api/push`, ['x', 'scraper.example'], 'POST')).toBe(403);
  expect(await https(`${url}/api/push`, ['stranger'], 'POST')).toBe(401);
  expect(await https(`${url}/api/push`, ['backend'], 'POST')).toBe(401);
  expect(relay.audited()[0]).toMatchObject({ who: 'backend', by: 'certificate', status: 200 });
});

test('a key goes before the certificate of the connection', async () => {
  const relay = await startWithCertificates();
  const url = `https://localhost:${relay.port}`;
  expect(await https(`${url}/metrics`, ['Backend'], 'GET', { 'X-API-Key': 'reader-key' })).toBe(200);
  expect(await https(`${url}/api/push`, ['Backend'], 'POST', { 'X-API-Key': 'wrong' })).toBe(401);
});

test('the same over HTTP/2', async () => {
  const relay = await startWithCertificates();
  const backend = http2Session(relay.port as number, authority.leaf(['Backend']));
  expect((await ask(backend, '/api/push', { method: 'POST', body: BODY })).status).toBe(200);
  expect((await ask(backend, '/metrics')).status).toBe(403);
  expect((await ask(backend, '/metrics', { headers: { 'x-api-key': 'reader-key' } })).status).toBe(200);
  const nobody = http2Session(relay.port as number);
  expect((await ask(nobody, '/api/push', { method: 'POST', body: BODY })).status).toBe(401);
  expect((await ask(nobody, '/healthz')).status).toBe(200);
});

test('the same over gRPC', async () => {
  const relay = await startWithCertificates({ grpc: { enabled: true } });
  const clientOf = (name: string) => {
    const { cert, key } = authority.leaf([name]);
    const channel = credentials.createSsl(Buffer.from(authority.ca), Buffer.from(key), Buffer.from(cert));
    return gorushClient(relay.grpcPort as number, 'Gorush', channel);
  };
  const message = { platform: 2, tokens: ['t'], message: 'm' };
  expect((await clientOf('Backend')('Send', message)).reply).toMatchObject({ success: true });
  await expect(clientOf('stranger')('Send', message)).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
});
