import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type RunningRelay, startRelay } from '../e2e/running-relay.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';

/** A small machine's process. */
const SMALL_HEAP = { nodeArgs: ['--max-old-space-size=512'] };
const TOKEN = 'a1b2c3d4'.repeat(8);

async function post(relay: RunningRelay, body: string): Promise<number> {
  const response = await fetch(`${relay.url}/api/push`, { method: 'POST', body });
  await response.arrayBuffer();
  return response.status;
}

async function isHealthy(relay: RunningRelay): Promise<boolean> {
  return (await fetch(`${relay.url}/healthz`)).ok;
}

/** Notifications that wait. */
async function depth(relay: RunningRelay): Promise<number> {
  const text = await (await fetch(`${relay.url}/metrics`)).text();
  return Number(/^martlet_queue_depth (\d+)/m.exec(text)?.[1]);
}

/** A relay whose provider cannot be reached, until `mend` and a restart. */
async function cutOff(overlay: object = {}) {
  const nowhere = `https://127.0.0.1:${await freePort()}`;
  const relay = await startRelay({ ...overlay, android: { endpoint: nowhere } }, {}, undefined, SMALL_HEAP);
  onTestFinished(() => relay[Symbol.asyncDispose]());
  const mend = (): void => {
    const path = join(relay.folder, 'config.yml');
    writeFileSync(path, readFileSync(path, 'utf8').replace(nowhere, relay.sandbox.fcm));
  };
  return { relay, mend };
}

test.each([
  ['empty objects', '{},'],
  ['empty lists', '[],'],
  ['lists in lists', '[[[]]],'],
])('requests full of %s that wait do not exhaust a heap of 512 MB, nor the start after them', async (_, value) => {
  const { relay, mend } = await cutOff();
  const values = value.repeat(Math.floor(300_000 / (value.length - 1)));
  const notification = { platform: 2, tokens: [TOKEN], message: 'x' };
  const body = `{"notifications":[${JSON.stringify(notification).slice(0, -1)},"data":{"a":[${values}1]}}]}`;
  let taken = 0;
  let refused = 0;
  for (let i = 0; i < 60; i++) {
    const status = await post(relay, body);
    expect([200, 503]).toContain(status);
    if (status === 200) taken++;
    else refused++;
  }
  expect(taken).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
  expect(await isHealthy(relay)).toBe(true);

  for (let deaths = 0; deaths < 2; deaths++) {
    relay.child.kill('SIGKILL');
    await relay.ended();
    await relay.restart();
    await until(async () => (await depth(relay)) === taken, 'all that was accepted is there again');
    expect(await isHealthy(relay)).toBe(true);
  }
  relay.child.kill('SIGKILL');
  await relay.ended();
  mend();
  await relay.restart();
  await until(async () => (await depth(relay)) === 0, 'all have an outcome');
  expect(await post(relay, JSON.stringify({ notifications: [notification] }))).toBe(200);
});

test('an app that fills the queue and the memory leaves room for another, whose pushes are all taken', async () => {
  const { relay } = await cutOff({ apps: { flood: {}, acme: {} } });
  const bodyOf = (app: string, data: string): string =>
    `{"notifications":[{"platform":2,"tokens":["${TOKEN}"],"message":"x","app":"${app}","data":${data}}]}`;
  const large = bodyOf('flood', `{"a":[${'{},'.repeat(100_000)}1]}`);
  const small = bodyOf('flood', '{}');
  for (const body of [large, small])
    for (let status = 200; status === 200; )
      status = (await Promise.all(Array.from({ length: 20 }, () => post(relay, body)))).at(-1) as number;
  for (let i = 0; i < 200; i++) expect(await post(relay, bodyOf('acme', '{"a":1}'))).toBe(200);
  expect(await post(relay, large)).toBe(503);
});

test('sync requests of 100,000 failures whose callers do not read the answers do not exhaust a heap of 512 MB', async () => {
  const relay = await startRelay({ core: { sync: true } }, {}, undefined, SMALL_HEAP);
  onTestFinished(() => relay[Symbol.asyncDispose]());
  const tokens = Array.from({ length: 100_000 }, (_, i) => i.toString(16).padStart(64, '0'));
  const body = JSON.stringify({ notifications: [{ platform: 77, tokens, message: 'x' }] });
  const { hostname, port } = new URL(relay.url);
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  /** The status, when the head of the answer has come; nothing more of it is read. */
  const ask = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname);
      sockets.push(socket);
      socket.on('error', reject);
      socket.once('data', (head) => {
        socket.pause();
        resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(String(head))?.[1]));
      });
      socket.write(`POST /api/push HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    });
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) {
    statuses.push(await ask());
    expect(await isHealthy(relay)).toBe(true);
  }
  expect(new Set(statuses)).toEqual(new Set([200, 503]));
  for (const socket of sockets) socket.destroy();
  await until(async () => (await ask()) === 200, 'there is room again when they are gone');
});
