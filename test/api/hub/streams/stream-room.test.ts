import { once } from 'node:events';
import { Agent, request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { eventually } from '../../../support/eventually.ts';
import { apnsToken, startSeedRelay } from '../seed-relay.ts';
import { openSse } from './sse-client.ts';

const BOSS = { authorization: 'Bearer boss' };

/** A push on a connection of its own. */
async function push(url: string): Promise<number> {
  const agent = new Agent({ connections: 1, pipelining: 0 });
  const { statusCode, body } = await request(`${url}/api/push`, {
    ...{ method: 'POST', dispatcher: agent, headers: { ...BOSS, 'content-type': 'application/json' } },
    body: JSON.stringify({ notifications: [{ platform: 1, tokens: [apnsToken(1)], message: 'hi' }] }),
  });
  await body.dump();
  await agent.close();
  return statusCode;
}

test('streams of every kind leave the connections of core.max_connections to pushes, and have a limit of their own', async () => {
  const relay = await startSeedRelay({ core: { max_connections: 6, sync_timeout: 20 }, hub: { streams: { max: 9 } } });
  const stream = `${relay.url}/v1/users/ada/stream`;
  const clients = [];
  for (let each = 0; each < 7; each++) clients.push(await openSse(stream, BOSS));
  const ws = new WebSocket(`${stream.replace('http', 'ws')}/ws`, { headers: BOSS });
  onTestFinished(() => ws.terminate());
  await once(ws, 'open');
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const poll = fetch(`${stream}/events?wait=60`, { headers: BOSS, signal: abort.signal });
  poll.catch(() => {});
  await eventually(async () =>
    expect((await relay.ask('GET /v1/users/bob/stream/events?wait=0', 'boss')).body).toMatchObject({
      message: '9 streams are open, and there may be no more',
    }),
  );
  expect(await Promise.all([push(relay.url), push(relay.url)])).toEqual([200, 200]);
  expect((await openSse(stream, BOSS)).response.status).toBe(503);
  clients[0]?.close();
  await eventually(async () => expect((await openSse(stream, BOSS)).response.status).toBe(200));
  await relay.ask('POST /v1/users/ada/events', 'boss', { type: 'test', payload: 1 });
  expect((await poll).status).toBe(200);
  expect(await Promise.all([push(relay.url), push(relay.url)])).toEqual([200, 200]);
});
