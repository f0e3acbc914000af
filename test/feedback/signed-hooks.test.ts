import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { Agent } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createFeedbackHook, type FeedbackHook, type FeedbackHookOptions } from '../../src/feedback/hook.ts';
import type { HookTarget } from '../../src/feedback/hook-target.ts';
import { createGuardedConnect } from '../../src/outbound/guarded-connect.ts';
import { LocalQueue } from '../../src/queue/file/local-queue.ts';
import { eventually } from '../support/eventually.ts';
import { failed, settlement } from '../support/settlement.ts';
import { answer, type HookCall, type Script, startHook } from './hook-server.ts';

const secretOf = (): string => `whsec_${randomBytes(32).toString('base64')}`;

const target = (url: string, more: Partial<HookTarget> = {}): HookTarget => ({
  url,
  headers: [],
  timeoutMs: 10_000,
  secrets: [],
  allowPrivate: true,
  ...more,
});

function hooksOf(targets: Map<string, HookTarget>, options: Partial<FeedbackHookOptions> = {}) {
  const lines: string[] = [];
  const tell = (message: string, fields = {}): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const hook = createFeedbackHook({
    hookOf: (app) => targets.get(app),
    log: { error: tell, warn: tell },
    firstMs: 5,
    maxMs: 20,
    ...options,
  });
  onTestFinished(() => hook.close());
  return { hook, lines };
}

async function start(script?: Script) {
  const server = await startHook(script);
  onTestFinished(() => server.close());
  return server;
}

const fail = (hook: FeedbackHook, app: string, ...tokens: string[]): void =>
  hook.events.settled?.(
    settlement(
      tokens,
      tokens.map(() => failed()),
      { app },
    ),
  );

const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `t${i}`);

describe('hooks of several apps', () => {
  test('each hears of its own failures and of nobody else’s', async () => {
    const shop = await start();
    const bank = await start();
    const { hook } = hooksOf(
      new Map([
        ['shop', target(shop.origin)],
        ['bank', target(bank.origin)],
      ]),
    );
    fail(hook, 'shop', 's1', 's2');
    fail(hook, 'bank', 'b1');
    fail(hook, 'hookless', 'x1');
    await hook.drain(5000);
    expect(shop.tokens().sort()).toEqual(['s1', 's2']);
    expect(bank.tokens()).toEqual(['b1']);
    expect(hook.stats()).toEqual({ backlog: 0, sent: 3, failed: 0, dropped: 0 });
  });

  test('one that hangs holds up neither another one nor the default app', async () => {
    const stuck = await start(() => 'hang');
    const well = await start();
    const targets = new Map(['stuck', 'stuck2', 'well', 'default'].map((app) => [app, target(well.origin)]));
    for (const app of ['stuck', 'stuck2']) targets.set(app, target(stuck.origin));
    const { hook } = hooksOf(targets, { maxEntries: 1000, concurrency: 20 });
    fail(hook, 'stuck', ...many(2000));
    fail(hook, 'stuck2', ...many(2000));
    fail(hook, 'well', 'w1');
    fail(hook, 'default', 'd1');
    await eventually(() => expect(well.tokens().sort()).toEqual(['d1', 'w1']));
    await eventually(() => expect(stuck.open.now).toBe(20));
    expect(hook.stats()).toMatchObject({ backlog: 200, sent: 2, dropped: 3800 });
  });

  test('one with thousands that hang leaves room for the others', async () => {
    const stuck = await start(() => 'hang');
    const well = await start();
    const { hook } = hooksOf(
      new Map([
        ['default', target(stuck.origin)],
        ['well', target(well.origin)],
      ]),
      {
        maxEntries: 1000,
      },
    );
    fail(hook, 'default', ...many(1000));
    fail(hook, 'well', ...many(10));
    await eventually(() => expect(well.calls).toHaveLength(10));
    await eventually(() => expect(hook.stats()).toMatchObject({ backlog: 1000, dropped: 0 }));
  });

  test('a hook that is changed is called at its new address with what waits', async () => {
    const old = await start((_call, _number, res) => answer(500)(res));
    const fresh = await start();
    const targets = new Map([['shop', target(old.origin, { headers: ['x-key: old'] })]]);
    const { hook } = hooksOf(targets);
    fail(hook, 'shop', 's1');
    await eventually(() => expect(old.calls.length).toBeGreaterThan(0));
    targets.set('shop', target(fresh.origin, { headers: ['x-key: new'] }));
    await eventually(() => expect(hook.stats()).toMatchObject({ backlog: 0, sent: 1 }));
    expect(fresh.calls[0]).toMatchObject({ headers: { 'x-key': 'new' }, body: { token: 's1' } });
  });

  test('entries of a hook that is removed wait until it is back', async () => {
    let broken = true;
    const server = await start((_call, _number, res) => (broken ? answer(500)(res) : undefined));
    const targets = new Map([['shop', target(server.origin)]]);
    const { hook, lines } = hooksOf(targets);
    fail(hook, 'shop', 's1');
    await eventually(() => expect(server.calls.length).toBeGreaterThan(0));
    targets.delete('shop');
    fail(hook, 'shop', 'unheard');
    await hook.drain(2 ** 30);
    const { length: calls } = server.calls;
    const { failed: failures } = hook.stats();
    await eventually(() => expect(hook.stats().failed).toBeGreaterThan(failures + 2));
    expect(server.calls.length - calls).toBeLessThan(2);
    broken = false;
    targets.set('shop', target(server.origin));
    await eventually(() => expect(hook.stats()).toMatchObject({ backlog: 0, sent: 1 }));
    expect(new Set(server.tokens())).toEqual(new Set(['s1']));
    expect(lines.join()).not.toContain('unheard');
  });

  test('counts of removed apps stay in the sums', async () => {
    const server = await start();
    const targets = new Map<string, HookTarget>();
    const { hook } = hooksOf(targets);
    for (const app of many(20)) {
      targets.set(app, target(server.origin));
      fail(hook, app, app);
      await hook.drain(5000);
      targets.delete(app);
    }
    expect(hook.stats()).toEqual({ backlog: 0, sent: 20, failed: 0, dropped: 0 });
  });
});

describe('what strangers may set', () => {
  test.each([
    'http://127.0.0.1:1/',
    'http://2130706433:8080/',
    'http://user:pass@example.com/',
    'file:///x',
    'http://example.com:25/',
  ])('%s is never called, and told', async (url) => {
    const { hook, lines } = hooksOf(new Map([['shop', target(url, { allowPrivate: false })]]));
    fail(hook, 'shop', 's1', 's2');
    expect(hook.stats()).toMatchObject({ backlog: 0, dropped: 2 });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('"reason":"its url must');
    expect(lines[0]).not.toContain('pass@');
  });

  test('a name that leads to a private address is refused when it is called', async () => {
    const connect = createGuardedConnect({
      proxyFor: () => undefined,
      resolve: async () => [{ address: '10.11.12.13', family: 4 }],
    });
    const guarded = new Agent({ connect });
    onTestFinished(() => guarded.destroy());
    const strange = target('https://hook.example/secret-path', { allowPrivate: false });
    const { hook, lines } = hooksOf(new Map([['shop', strange]]), { guarded });
    fail(hook, 'shop', 's1');
    await eventually(() => expect(hook.stats().failed).toBeGreaterThan(0));
    expect(lines[0]).toContain('"app":"shop","hook":"https://hook.example","reason":"PrivateAddress"');
    expect(lines.join()).not.toMatch(/10\.11|secret-path/);
  });

  test.each([301, 302, 303, 307, 308])('a redirect (%d) is a failure, and told as such', async (status) => {
    const other = await start();
    const server = await start((_call, number, res) =>
      number === 1 ? answer(status, { location: other.origin })(res) : undefined,
    );
    const { hook, lines } = hooksOf(new Map([['shop', target(server.origin)]]));
    fail(hook, 'shop', 's1');
    await eventually(() => expect(hook.stats()).toMatchObject({ sent: 1, failed: 1 }));
    expect(other.calls).toEqual([]);
    expect(lines[0]).toContain(`"reason":"HTTP ${status}, and redirects are not followed"`);
  });
});

describe('signed calls', () => {
  const verified = (secret: string, { text, headers }: HookCall): unknown =>
    new Webhook(secret).verify(text, headers as Record<string, string>);

  test('are taken by the reference library, with each secret of a rotation', async () => {
    const server = await start();
    const secrets = [secretOf(), secretOf()];
    const { hook } = hooksOf(new Map([['shop', target(server.origin, { secrets, headers: ['webhook-id: mine'] })]]));
    fail(hook, 'shop', 's1');
    await hook.drain(5000);
    for (const secret of secrets) expect(verified(secret, server.calls[0] as HookCall)).toMatchObject({ token: 's1' });
  });

  test('keep their id when they are repeated, and have the time of each', async () => {
    let now = Date.now() - 60_000;
    const script: Script = (_call, number, res) => {
      now += 30_000;
      return number === 1 ? answer(500)(res) : undefined;
    };
    const server = await start(script);
    const secret = secretOf();
    const { hook } = hooksOf(new Map([['shop', target(server.origin, { secrets: [secret] })]]), { now: () => now });
    fail(hook, 'shop', 's1');
    await eventually(() => expect(hook.stats().sent).toBe(1));
    const [first, second] = server.calls as [HookCall, HookCall];
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
    expect(Number(second.headers['webhook-timestamp']) - Number(first.headers['webhook-timestamp'])).toBe(30);
    for (const call of server.calls) verified(secret, call);
  });

  test('of different entries have different ids', async () => {
    const server = await start();
    const { hook } = hooksOf(new Map([['shop', target(server.origin, { secrets: [secretOf()] })]]));
    fail(hook, 'shop', ...many(20));
    await hook.drain(5000);
    expect(new Set(server.calls.map(({ headers }) => headers['webhook-id'])).size).toBe(20);
  });

  test('are signed with the new secret from the moment it is set', async () => {
    const server = await start();
    const old = secretOf();
    const fresh = secretOf();
    const targets = new Map([['shop', target(server.origin, { secrets: [old] })]]);
    const { hook } = hooksOf(targets);
    fail(hook, 'shop', 's1');
    await hook.drain(5000);
    targets.set('shop', target(server.origin, { secrets: [fresh] }));
    fail(hook, 'shop', 's2');
    await eventually(() => expect(server.calls).toHaveLength(2));
    verified(old, server.calls[0] as HookCall);
    verified(fresh, server.calls[1] as HookCall);
    expect(() => verified(old, server.calls[1] as HookCall)).toThrow();
  });

  test('are not sent unsigned because a secret is bad', async () => {
    const server = await start();
    const { hook, lines } = hooksOf(new Map([['shop', target(server.origin, { secrets: ['hunter2'] })]]));
    fail(hook, 'shop', 's1');
    expect(hook.stats()).toMatchObject({ backlog: 0, dropped: 1 });
    expect(lines.join()).toContain('its secret no. 1');
    expect(lines.join()).not.toContain('hunter2');
    expect(server.calls).toEqual([]);
  });

  test('have no such headers without a secret', async () => {
    const server = await start();
    const { hook } = hooksOf(new Map([['shop', target(server.origin)]]));
    fail(hook, 'shop', 's1');
    await hook.drain(5000);
    expect(Object.keys(server.calls[0]?.headers ?? {}).filter((name) => name.startsWith('webhook-'))).toEqual([]);
  });
});

test('entries survive the process: the next one tells the same app, with the same id', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-hooks-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const open = (): LocalQueue => {
    const path = join(folder, 'queue.db');
    const queue = new LocalQueue({ path, sync: 'normal', limit: 10, wake: () => {}, restore: () => [] });
    onTestFinished(() => queue.close());
    return queue;
  };
  let broken = true;
  const script: Script = (_call, _number, res) => (broken ? answer(500)(res) : undefined);
  const servers = { shop: await start(script), bank: await start(script) };
  const targets = new Map(
    Object.entries(servers).map(([app, { origin }]) => [app, target(origin, { secrets: [secretOf()] })]),
  );
  const first = open();
  const before = hooksOf(targets, { keeper: first.reports });
  fail(before.hook, 'shop', 's1');
  fail(before.hook, 'bank', 'b1');
  await eventually(() => expect(before.hook.stats().failed).toBeGreaterThan(1));
  await before.hook.close();
  await first.close();

  broken = false;
  const { hook } = hooksOf(targets, { keeper: open().reports });
  await eventually(() => expect(hook.stats()).toMatchObject({ backlog: 0, sent: 2 }));
  for (const [server, token] of [
    [servers.shop, 's1'],
    [servers.bank, 'b1'],
  ] as const) {
    expect(new Set(server.tokens())).toEqual(new Set([token]));
    expect(new Set(server.calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  }
});
