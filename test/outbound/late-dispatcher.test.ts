import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { post } from '../../src/carrier/http-post.ts';
import { lateDispatcher } from '../../src/outbound/late-dispatcher.ts';

async function originOf(): Promise<string> {
  const server = createServer((req, res) => res.end(req.url)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Counts how often it was opened. */
function counted(fails: () => Error | undefined = () => undefined) {
  const found = { opened: 0 };
  const dispatcher = lateDispatcher(async () => {
    found.opened++;
    const error = fails();
    if (error) throw error;
    return new Agent();
  });
  onTestFinished(() => dispatcher.destroy());
  return { found, dispatcher };
}

test('is opened by its first request, and once for all that come meanwhile', async () => {
  const origin = await originOf();
  const { found, dispatcher } = counted();
  expect(found.opened).toBe(0);
  const answers = await Promise.all(['/a', '/b', '/c'].map((path) => request(origin + path, { dispatcher })));
  expect(await Promise.all(answers.map(({ body }) => body.text()))).toEqual(['/a', '/b', '/c']);
  expect((await post(dispatcher, { origin, path: '/d', headers: {}, timeoutMs: 1000 })) as object).toMatchObject({
    status: 200,
  });
  expect(found.opened).toBe(1);
});

test('what cannot be opened was not sent, and the next request tries again', async () => {
  const origin = await originOf();
  let error: Error | undefined = new Error('no file descriptor is free');
  const { found, dispatcher } = counted(() => error);
  await expect(request(origin, { dispatcher })).rejects.toThrow('no file descriptor is free');
  const result = await post(dispatcher, { origin, path: '/', headers: {}, timeoutMs: 1000 });
  expect(result).toMatchObject({ fault: { processed: 'no', message: expect.stringContaining('no file descriptor') } });
  error = undefined;
  expect((await request(origin, { dispatcher })).statusCode).toBe(200);
  expect(found.opened).toBe(3);
});

test('a request that its dispatcher cannot take fails, and nothing else does', async () => {
  const { dispatcher } = counted();
  const result = await post(dispatcher, { origin: 'ftp://127.0.0.1', path: '/', headers: {}, timeoutMs: 1000 });
  expect(result).toMatchObject({ fault: { processed: 'no' } });
});

test('one that was never needed closes without being opened, and takes nothing afterwards', async () => {
  const origin = await originOf();
  const { found, dispatcher } = counted();
  await dispatcher.destroy();
  await expect(request(origin, { dispatcher })).rejects.toThrow('closed');
  expect(found.opened).toBe(0);
});

test('one that is closed while it is opened is closed after that', async () => {
  const origin = await originOf();
  const { dispatcher } = counted();
  const asked = request(origin, { dispatcher });
  await Promise.all([expect(asked).rejects.toThrow(), dispatcher.destroy()]);
});
