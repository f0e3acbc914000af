import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { inWorld } from './scenario.ts';
import { liveTarget } from './targets.ts';
import { World } from './world.ts';

/** One POST over a connection that is kept, as far as the relay lets it. */
function post(
  url: string,
  agent: HttpAgent,
  target: string,
): Promise<{ status: number; connection: string | undefined; logs: object[] }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/api/push`, { method: 'POST', agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const { logs } = JSON.parse(Buffer.concat(chunks).toString()) as { logs: object[] };
        resolve({ status: response.statusCode ?? 0, connection: response.headers.connection, logs });
      });
    });
    request.on('error', reject);
    request.end(JSON.stringify({ notifications: [{ platform: 1, tokens: [target], topic: 'com.example' }] }));
  });
}

test('SIGTERM: not ready at once, serving until shutdown_delay is over, closed then, and exit code 0', () =>
  inWorld(World.open(1, { config: { core: { shutdown_delay: 3 } } }), async ({ relay, peer }) => {
    expect(await relay.ready()).toBe(200);
    const ended = relay.end('SIGTERM');
    await until(async () => (await relay.ready()) !== 200);
    const agent = new HttpAgent({ keepAlive: true });
    expect(await post(relay.url, agent, liveTarget(0))).toMatchObject({ status: 200 });
    agent.destroy();
    expect(await ended).toBe(0);
    await expect(fetch(`${relay.url}/healthz`)).rejects.toThrow();
    expect((await peer.read()).delivered[0]).toBe(1);
  }));

test('SIGTERM: a sync request is answered with what there is, and its push is sent by the next process', () =>
  inWorld(World.open(1, { config: { core: { sync: true, shutdown_timeout: 1 } } }), async ({ relay, peer }) => {
    await peer.port(false);
    const agent = new HttpAgent();
    const answer = post(relay.url, agent, liveTarget(0));
    await until(async () => (await relay.metric('martlet_queue_depth')) === 1);
    expect(await relay.end('SIGTERM')).toBe(0);
    expect(await answer).toMatchObject({ status: 200, logs: [{ reason: 'Pending' }] });
    await peer.port(true);
    await relay.start();
    await until(async () => (await peer.read()).delivered[0] === 1);
  }));
