import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Webhook } from 'standardwebhooks';
import { describe, expect, onTestFinished, test } from 'vitest';
import { verifySignature } from '../../../src/notify/create-notifier.ts';
import { until } from '../../support/until.ts';
import { answer, type HookCall, type Script, startHook } from '../hook-server.ts';
import { type OpenSinks, type SinkMap, type SinkPace, sinkKinds } from './sink-kinds.ts';

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const QUICK: SinkPace = { firstMs: 1, maxMs: 5 };
const MANY = 200;

async function receiver(script?: Script) {
  const server = await startHook(script);
  onTestFinished(() => server.close());
  const payloads = (): unknown[] => server.calls.map(({ body }) => body.payload);
  const ids = (): unknown[] => server.calls.map(({ headers }) => headers['webhook-id']);
  return { ...server, payloads, ids };
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-sinks-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function waitingIn(path: string): number {
  if (!existsSync(path)) return 0;
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return Number(db.prepare('SELECT count(*) AS count FROM report').get()?.count);
  } catch {
    // It is being made.
    return 0;
  } finally {
    db.close();
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const to = (url: string, more: object = {}): { url: string; allowPrivate: boolean } => ({
  url,
  allowPrivate: true,
  ...more,
});

describe.each(sinkKinds)('sinks of $name', ({ name, file, open: openKind }) => {
  async function open(sinks: SinkMap, pace: SinkPace = QUICK, folder = newFolder()): Promise<OpenSinks> {
    const opened = await openKind(sinks, folder, pace);
    onTestFinished(() => opened.close());
    return opened;
  }

  async function publish(sinks: OpenSinks, count: number, from = 0, type = 'a'): Promise<string[]> {
    const ids: string[] = [];
    for (const at of upTo(count)) ids.push(await sinks.publish('ada', type, from + at));
    return ids;
  }

  const isDone = (sinks: OpenSinks, sink: string, sent: number) => () => sinks.stats()[sink]?.sent === sent;

  test('have every event of their types, online or not, once, as JSON, about in order, and signed', async () => {
    const [all, some, none] = [await receiver(), await receiver(), await receiver()];
    const sinks = await open({
      all: to(all.origin, { secrets: [SECRET] }),
      some: to(some.origin, { types: ['b', 'c'] }),
      none: to(none.origin, { types: ['z'] }),
    });
    const ids = await publish(sinks, MANY);
    await sinks.publish('bob', 'b', { text: '\r\n\u2028 "quoted"', deep: [1, { two: null }] });
    await until(isDone(sinks, 'all', MANY + 1));
    await until(isDone(sinks, 'some', 1));
    expect(new Set(all.ids()).size).toBe(MANY + 1);
    const ofAda = all.calls.filter(({ body }) => body.user_id === 'ada');
    expect(new Set(ofAda.map(({ body }) => body.id))).toEqual(new Set(ids));
    for (const [place, { body }] of ofAda.entries()) expect(Math.abs(place - Number(body.payload))).toBeLessThan(25);
    for (const { headers, text } of all.calls)
      expect(new Webhook(SECRET).verify(text, headers as Record<string, string>)).toMatchObject({
        type: expect.stringMatching(/^[ab]$/),
      });
    expect(some.calls[0]?.body).toMatchObject({
      ...{ type: 'b', user_id: 'bob', timestamp: '2026-11-30T01:00:00Z' },
      payload: { text: '\r\n\u2028 "quoted"', deep: [1, { two: null }] },
    });
    expect(none.calls).toEqual([]);
    expect(sinks.stats().none).toEqual({ waiting: 0, sent: 0, failed: 0, dropped: 0 });
  });

  test('are signed in the form mailbox where so wanted, at the time of each call', async () => {
    const server = await receiver((_call, number, res) => (number === 1 ? answer(500)(res) : undefined));
    const sinks = await open({ old: to(server.origin, { secrets: ['any text'], format: 'mailbox' }) });
    await publish(sinks, 1);
    await until(isDone(sinks, 'old', 1));
    for (const { headers, text } of server.calls)
      expect(
        verifySignature(
          'any text',
          String(headers['x-mailbox-timestamp']),
          text,
          String(headers['x-mailbox-signature']),
          60,
        ),
      ).toBe(true);
    expect(server.calls).toHaveLength(2);
  });

  test('that hang hold up neither who publishes nor another sink', async () => {
    const [hangs, good] = [await receiver(() => 'hang'), await receiver()];
    const sinks = await open({ hangs: to(hangs.origin), good: to(good.origin) });
    await publish(sinks, MANY);
    await until(isDone(sinks, 'good', MANY));
    expect(hangs.open.most).toBeLessThanOrEqual(10);
    expect(sinks.stats().hangs).toEqual({ waiting: MANY, sent: 0, failed: 0, dropped: 0 });
  });

  test.each([[301], [302], [304], [307], [308], [400], [401], [404], [408], [410], [429], [500], [503]])(
    'that answer %d have the event again under the same id until they take it, and lead nowhere else',
    async (status) => {
      const elsewhere = await receiver();
      const server = await receiver((_call, number, res) =>
        number <= 3 ? answer(status, { location: elsewhere.origin })(res) : undefined,
      );
      const other = await receiver();
      const sinks = await open({ refuses: to(server.origin), other: to(other.origin) });
      await publish(sinks, 1);
      await until(isDone(sinks, 'refuses', 1));
      await until(isDone(sinks, 'other', 1));
      expect(sinks.stats().refuses).toEqual({ waiting: 0, sent: 1, failed: 3, dropped: 0 });
      expect(new Set(server.ids()).size).toBe(1);
      expect(server.payloads()).toEqual([0, 0, 0, 0]);
      expect([elsewhere.calls.length, other.calls.length]).toEqual([0, 1]);
      expect(sinks.lines.join()).toContain(`HTTP ${status}`);
      expect(sinks.lines.join()).not.toContain('ada');
    },
  );

  test('that cut the connection or answer too late have the event again', async () => {
    const server = await receiver((_call, number, res): 'hang' | undefined => {
      if (number === 1) res.destroy();
      return number === 2 ? 'hang' : undefined;
    });
    const sinks = await open({ bad: to(server.origin, { timeoutMs: 50 }) });
    await publish(sinks, 1);
    await until(isDone(sinks, 'bad', 1));
    expect(sinks.stats().bad?.failed).toBeGreaterThanOrEqual(2);
    expect(new Set(server.ids()).size).toBe(1);
  });

  test('have the headers that are set, none of which takes the place of the signature', async () => {
    const server = await receiver();
    const headers = { 'X-Team': 'crm', 'Webhook-Signature': 'forged', 'webhook-id': 'forged' };
    const sinks = await open({ own: to(server.origin, { secrets: [SECRET], headers }) });
    await publish(sinks, 1);
    await until(isDone(sinks, 'own', 1));
    const { headers: got, text } = server.calls[0] as HookCall;
    expect(got['x-team']).toBe('crm');
    expect(() => new Webhook(SECRET).verify(text, got as Record<string, string>)).not.toThrow();
  });

  test('that take nothing for too long are given up on, which is counted and said', async () => {
    const server = await receiver((_call, _number, res) => answer(500)(res));
    const sinks = await open({ dead: to(server.origin) }, { ...QUICK, maxAgeMs: 50 });
    await publish(sinks, 3);
    await until(() => sinks.stats().dead?.dropped === 3);
    expect(sinks.stats().dead).toMatchObject({ waiting: 0, sent: 0 });
    expect(sinks.lines.join()).toContain('will never hear of some events');
  });

  test('for which too much waits miss what comes then, and have all that waited once they are back', async () => {
    let isUp = false;
    const [server, other] = [
      await receiver((_call, _number, res) => (isUp ? undefined : answer(500)(res))),
      await receiver(),
    ];
    const sinks = await open({ dead: to(server.origin), other: to(other.origin) }, { ...QUICK, maxWaiting: 10 });
    const kept = file ? 60 : 10;
    for (const at of upTo(kept + 5)) {
      await sinks.publish('ada', 'a', at);
      await until(isDone(sinks, 'other', at + 1));
    }
    expect(sinks.stats().dead).toMatchObject({ waiting: kept, sent: 0, dropped: 5 });
    expect(sinks.stats().other).toMatchObject({ waiting: 0, sent: kept + 5, dropped: 0 });
    server.calls.length = 0;
    isUp = true;
    await until(isDone(sinks, 'dead', kept));
    expect(new Set(server.payloads())).toEqual(new Set(upTo(kept)));
  });

  test('at a private address are not called unless that is allowed', async () => {
    const server = await receiver();
    const sinks = await open({ inside: { url: server.origin } }).catch((error: Error) => error);
    if (sinks instanceof Error)
      expect(sinks).toMatchObject({ code: 'ERR_SINK', message: expect.stringContaining('private') });
    else {
      await publish(sinks, 1);
      expect(sinks.stats().inside).toMatchObject({ waiting: 0, dropped: 1 });
    }
    expect(server.calls).toEqual([]);
  });

  if (file === undefined) return;

  test('have what waited when the process ended, in order and under the same ids, from the next one', async () => {
    let isUp = false;
    const server = await receiver((_call, _number, res) => (isUp ? undefined : answer(503)(res)));
    const folder = newFolder();
    const map = { late: to(server.origin) };
    const first = await openKind(map, folder, QUICK);
    const ids = await publish(first, 50);
    await until(() => server.calls.length > 0);
    await first.close();
    const seen = new Map(server.calls.map(({ body, headers }) => [body.id, headers['webhook-id']]));
    server.calls.length = 0;
    isUp = true;
    const second = await open(map, QUICK, folder);
    await until(isDone(second, 'late', 50));
    expect(new Set(server.calls.map(({ body }) => body.id))).toEqual(new Set(ids));
    for (const { body, headers } of server.calls)
      if (seen.has(body.id)) expect(headers['webhook-id']).toBe(seen.get(body.id));
  });

  test('have what waited when the process was killed, from the next one', async () => {
    let isUp = false;
    const server = await receiver((_call, _number, res) => (isUp ? undefined : answer(500)(res)));
    const folder = newFolder();
    const script = join(import.meta.dirname, 'sink-process.ts');
    const child = spawn(process.execPath, [script, name, folder, server.origin, '30'], {
      stdio: 'inherit',
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await until(() => waitingIn(join(folder, file)) === 30);
    child.kill('SIGKILL');
    await once(child, 'exit');
    server.calls.length = 0;
    isUp = true;
    const sinks = await open({ dead: to(server.origin) }, QUICK, folder);
    await until(isDone(sinks, 'dead', 30));
    expect(new Set(server.payloads())).toEqual(new Set(upTo(30)));
  });
});
