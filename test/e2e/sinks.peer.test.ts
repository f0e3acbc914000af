import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import { verifySignature } from '../../src/notify/create-notifier.ts';
import { awaiting } from '../support/awaiting.ts';
import { until } from '../support/until.ts';
import { startRelay } from './running-relay.ts';

interface SinkCall {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver that answers as it is told; `undefined`: not at all. */
async function receiver(status: () => number | undefined) {
  const taken: SinkCall[] = [];
  let calls = 0;
  const server = createServer(
    awaiting(async (req, res) => {
      const body = await text(req);
      calls++;
      const code = status();
      if (code === 200) taken.push({ headers: req.headers, body });
      if (code !== undefined) res.writeHead(code).end();
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const payloads = (): unknown[] => taken.map(({ body }) => JSON.parse(body).payload);
  return { url, taken, payloads, calls: () => calls };
}

test('sinks have every event of their types, one that hangs holds up no other, and a kill loses none', async () => {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  let isUp = false;
  const [good, late, hangs] = [
    await receiver(() => 200),
    await receiver(() => (isUp ? 200 : 500)),
    await receiver(() => undefined),
  ];
  const sink = { allow_private: true, secret: [secret] };
  await using relay = await startRelay({
    hub: {
      ...{ enabled: true, path: 'hub.db' },
      sinks: {
        good: { ...sink, url: good.url, types: ['a'] },
        late: { ...sink, url: late.url, secret: ['any text'], format: 'mailbox' },
        hangs: { ...sink, url: hangs.url },
      },
    },
  });
  const publish = async (type: string, payload: number): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ type, payload });
    const { status } = await fetch(`${relay.url}/v1/users/ada/events`, { method: 'POST', headers, body });
    expect(status).toBe(201);
  };
  for (let payload = 0; payload < 20; payload++) await publish(payload % 2 === 0 ? 'a' : 'b', payload);
  const evens = Array.from({ length: 10 }, (_, index) => 2 * index);
  await until(() => good.taken.length === 10);
  expect(new Set(good.payloads())).toEqual(new Set(evens));
  for (const { headers, body } of good.taken)
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({
      user_id: 'ada',
      type: 'a',
    });

  await until(() => late.calls() > 0);
  relay.child.kill('SIGKILL');
  await relay.ended();
  isUp = true;
  await relay.restart();
  const ids = (): Set<unknown> => new Set(late.taken.map(({ headers }) => headers['webhook-id']));
  await until(() => ids().size === 20);
  expect(new Set(late.payloads())).toEqual(new Set(Array.from({ length: 20 }, (_, index) => index)));
  for (const { headers, body } of late.taken) {
    const { 'x-mailbox-timestamp': at, 'x-mailbox-signature': signature } = headers;
    expect(verifySignature('any text', String(at), body, String(signature), 300)).toBe(true);
  }
});

test('what waits for a sink goes with its person, from the file too; others and what comes later do not', async () => {
  let isUp = false;
  const late = await receiver(() => (isUp ? 200 : 500));
  await using relay = await startRelay({
    hub: {
      enabled: true,
      path: 'hub.db',
      sinks: {
        late: { allow_private: true, url: late.url },
        quiet: { allow_private: true, url: late.url, types: ['none'] },
      },
    },
  });
  const publish = async (user: string, payload: string): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ type: 'a', payload });
    const { status } = await fetch(`${relay.url}/v1/users/${user}/events`, { method: 'POST', headers, body });
    expect(status).toBe(201);
  };
  for (const user of ['ada', 'adam', 'bob']) await publish(user, `secret of ${user}`);
  const inFile = (word: string): boolean =>
    ['queue.db', 'queue.db-wal'].some((name) => {
      const path = join(relay.folder, name);
      return existsSync(path) && readFileSync(path, 'latin1').includes(word);
    });
  await until(() => inFile('secret of ada"') && late.calls() > 0);
  const series = async (): Promise<string> => (await fetch(`${relay.url}/metrics`)).text();
  expect(await series()).toContain('\nmartlet_hub_sink_backlog{sink="late"} 3\n');
  expect(await series()).toContain('\nmartlet_hub_sink_dropped_total{sink="quiet"} 0\n');
  expect(await series()).not.toMatch(/martlet_feedback_\w+\{[^}]*late/);

  expect((await fetch(`${relay.url}/v1/users/ada`, { method: 'DELETE' })).status).toBeLessThan(300);
  expect(await series()).toContain('\nmartlet_hub_sink_backlog{sink="late"} 2\n');
  await until(() => !inFile('secret of ada"'));
  await publish('ada', 'news of another ada');
  isUp = true;
  await until(() => late.taken.length >= 3);
  expect(new Set(late.payloads())).toEqual(new Set(['secret of adam', 'secret of bob', 'news of another ada']));
  expect(await series()).toContain('\nmartlet_hub_sink_sent_total{sink="late"} 3\n');
});
