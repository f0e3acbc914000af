import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { gorushClient } from '../grpc/clients.ts';
import { KEYS, sha256, startGuardedRelay } from './guarded-relay.ts';

const REQUEST = { platform: 2, tokens: ['token-1', 'token-2'], message: 'hello' };

async function startBoth(sections: { [section: string]: object } = {}) {
  const relay = await startGuardedRelay({ grpc: { enabled: true }, ...sections });
  const call = gorushClient(relay.grpcPort as number);
  const send = (metadata: Record<string, string>) => call('Send', REQUEST, { metadata });
  return { relay, send };
}

test('Send needs a key with the scope push, in either kind of metadata', async () => {
  const { send } = await startBoth();
  expect((await send({ authorization: 'Bearer pusher-key' })).reply).toMatchObject({ success: true, counts: 2 });
  expect((await send({ 'x-api-key': 'admin-key' })).reply).toMatchObject({ success: true });
  await expect(send({})).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  await expect(send({ authorization: 'Bearer wrong' })).rejects.toMatchObject({
    code: status.UNAUTHENTICATED,
    details: 'The key is unknown.',
  });
  await expect(send({ 'x-api-key': 'reader-key' })).rejects.toMatchObject({
    code: status.PERMISSION_DENIED,
    details: 'This needs the scope push.',
  });
});

test('health needs none', async () => {
  const { relay } = await startBoth();
  const check = gorushClient(relay.grpcPort as number, 'Health');
  expect((await check('Check', {})).reply).toMatchObject({ status: 'SERVING' });
});

test('too many calls are refused with the pause that clients understand', async () => {
  const { send } = await startBoth({
    auth: { keys: { pusher: { sha256: sha256('k'), scopes: ['push'], rate_limit: 0.01 } } },
  });
  await send({ 'x-api-key': 'k' });
  const error = await send({ 'x-api-key': 'k' }).catch((thrown) => thrown);
  expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(Number(error.metadata.get('retry-after')[0])).toBeGreaterThan(1);
  expect(Number(error.metadata.get('grpc-retry-pushback-ms')[0])).toBeGreaterThan(1000);
});

test('attempts over HTTP and over gRPC are counted together', async () => {
  const { relay, send } = await startBoth({ auth: { keys: KEYS, max_failures: 2 } });
  await fetch(`${relay.url}/metrics`, { headers: { 'X-API-Key': 'guess-1' } });
  await expect(send({ 'x-api-key': 'guess-2' })).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  await expect(send({ 'x-api-key': 'guess-3' })).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
});

test('a key that is for some apps only may push for no other', async () => {
  const { send } = await startBoth({
    auth: { keys: { pusher: { sha256: sha256('k'), scopes: ['push'], apps: ['acme'] } } },
    apps: { acme: {}, other: {} },
  });
  await expect(send({ 'x-api-key': 'k', app: 'other' })).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
});

test('calls are written to the audit log, refused ones as well', async () => {
  const { relay, send } = await startBoth({ log: { audit: 'stdout' } });
  const { trailer } = await send({ 'x-api-key': 'pusher-key' });
  await send({ 'x-api-key': 'wrong-key' }).catch(() => {});
  const [taken, refused] = relay.audited();
  expect(taken).toMatchObject({
    request_id: trailer.get('martlet-request-id')[0],
    who: 'pusher',
    by: 'key',
    action: 'push',
    apps: { default: 2 },
    status: 200,
  });
  expect(refused).toMatchObject({ action: 'push', status: 401 });
  expect(refused).not.toHaveProperty('who');
});

test('reflection needs a valid key, of whatever scope', async () => {
  const { relay } = await startBoth();
  const client = new Client(`localhost:${relay.grpcPort}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  const list = (key: string): Promise<number> => {
    const metadata = new Metadata();
    if (key !== '') metadata.set('x-api-key', key);
    const method = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
    const same = (bytes: Buffer): Buffer => bytes;
    const stream = client.makeBidiStreamRequest<Buffer, Buffer>(method, same, same, metadata);
    stream.on('error', () => {}).on('data', () => {});
    // ServerReflectionRequest of list_services: "*".
    stream.end(Buffer.from([0x3a, 0x01, 0x2a]));
    return new Promise((resolve) => stream.on('status', ({ code }) => resolve(code)));
  };
  for (const key of ['pusher-key', 'reader-key', 'admin-key']) expect(await list(key), key).toBe(status.OK);
  for (const key of ['', 'wrong']) expect(await list(key), key).toBe(status.UNAUTHENTICATED);
});
