import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished as after, expect, test } from 'vitest';
import { createFeedbackHook, type FeedbackHook, type FeedbackHookOptions } from '../../src/feedback/hook.ts';
import { coreHook } from '../../src/feedback/hook-target.ts';
import { LocalQueue } from '../../src/queue/file/local-queue.ts';
import { eventually } from '../support/eventually.ts';
import { failed, settlement } from '../support/settlement.ts';
import { answer, startHook } from './hook-server.ts';

const FEW = { maxEntries: 20, concurrency: 2, firstMs: 5, maxMs: 20 };

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-shelf-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const fileOf = (folder: string): string => join(folder, 'queue.db');

function openQueue(folder: string): LocalQueue {
  const queue = new LocalQueue({
    ...{ path: fileOf(folder), sync: 'normal', limit: 10, wake: () => {}, restore: () => [] },
  });
  after(() => queue.close());
  return queue;
}

/** A hook that can be broken and mended, and what tells it. */
async function startServer() {
  const state = { isBroken: false };
  const server = await startHook((_call, _number, res) => (state.isBroken ? answer(500)(res) : undefined));
  after(() => server.close());
  return { server, state };
}

function hookOf(url: string, options: Partial<FeedbackHookOptions>): FeedbackHook {
  const target = coreHook({ feedback_hook_url: url, feedback_timeout: 10, feedback_header: [], feedback_secret: [] });
  const hook = createFeedbackHook({ hookOf: () => target, log: { error() {}, warn() {} }, ...FEW, ...options });
  after(() => hook.close());
  return hook;
}

const tokensOf = (count: number, prefix = 't'): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

const fail = (hook: FeedbackHook, tokens: readonly string[], app = 'default'): void =>
  hook.events.settled({
    ...settlement(
      tokens,
      tokens.map(() => failed()),
    ),
    app,
  });

const reportsIn = (folder: string): number => {
  const db = new DatabaseSync(fileOf(folder), { readOnly: true });
  const count = db.prepare('SELECT count(*) AS count FROM report').get()?.count;
  db.close();
  return Number(count);
};

test('more failures than memory has room for wait in the file, and the hook hears of each, about in order', async () => {
  const folder = newFolder();
  const { server } = await startServer();
  const hook = hookOf(server.origin, { keeper: openQueue(folder).reports });
  const tokens = tokensOf(1500);
  for (let i = 0; i < tokens.length; i += 100) fail(hook, tokens.slice(i, i + 100));
  await eventually(() => expect(hook.stats()).toEqual({ backlog: 0, sent: 1500, failed: 0, dropped: 0 }));
  const told = server.tokens();
  expect([...told].sort()).toEqual([...tokens].sort());
  for (const [place, token] of told.entries()) expect(Math.abs(place - Number(token.slice(1)))).toBeLessThan(20);
  await eventually(() => expect(reportsIn(folder)).toBe(0));
});

test('what comes while a hook is away and is more than memory has room for is told after a restart, each under one id', async () => {
  const folder = newFolder();
  const { server, state } = await startServer();
  state.isBroken = true;
  const first = openQueue(folder);
  const before = hookOf(server.origin, { keeper: first.reports });
  const tokens = tokensOf(700);
  fail(before, tokens);
  await eventually(() => expect(before.stats().failed).toBeGreaterThan(5));
  expect(before.stats()).toMatchObject({ backlog: 700, dropped: 0 });
  await before.close();
  await first.close();
  const seen = server.calls.length;

  state.isBroken = false;
  const hook = hookOf(server.origin, { keeper: openQueue(folder).reports });
  expect(hook.stats().backlog).toBe(700);
  await eventually(() => expect(hook.stats()).toMatchObject({ backlog: 0, sent: 700, dropped: 0 }));
  expect(server.tokens().slice(seen).sort()).toEqual([...tokens].sort());
});

test('a failure that comes while others are on the shelf waits behind them', async () => {
  const { server, state } = await startServer();
  state.isBroken = true;
  const hook = hookOf(server.origin, { keeper: openQueue(newFolder()).reports, concurrency: 1 });
  fail(hook, tokensOf(50));
  await eventually(() => expect(hook.stats().failed).toBeGreaterThan(5));
  fail(hook, ['last']);
  state.isBroken = false;
  await eventually(() => expect(hook.stats()).toMatchObject({ backlog: 0, sent: 51 }));
  // What was tried and failed had its own pauses; nothing from the shelf comes behind what was kept later.
  const order = server.tokens();
  expect(order.indexOf('last')).toBeGreaterThan(order.indexOf('t49'));
});

test('the shelf has its bounds: entries, characters, and as much as the disk has left', async () => {
  const { server, state } = await startServer();
  state.isBroken = true;
  const dropped = (options: Partial<FeedbackHookOptions>, room?: number): number => {
    const { reports } = openQueue(newFolder());
    if (room !== undefined) Object.assign(reports, { room: () => room });
    const hook = hookOf(server.origin, { keeper: reports, ...options });
    fail(hook, tokensOf(100));
    return hook.stats().dropped;
  };
  expect(dropped({ maxShelved: 30 })).toBe(50);
  expect(dropped({ maxShelvedBytes: 1000 })).toBeGreaterThan(70);
  expect(dropped({}, 1000)).toBeGreaterThan(70);
  expect(dropped({})).toBe(0);
});

test("one app's hook that hangs takes nothing of another's, in memory or in the file", async () => {
  const [noisy, quiet] = [await startServer(), await startServer()];
  noisy.state.isBroken = true;
  const targetOf = (url: string) =>
    coreHook({ feedback_hook_url: url, feedback_timeout: 10, feedback_header: [], feedback_secret: [] });
  const hook = createFeedbackHook({
    hookOf: (app) => targetOf(app === 'noisy' ? noisy.server.origin : quiet.server.origin),
    log: { error() {}, warn() {} },
    ...{ ...FEW, maxEntries: 200, maxShelved: 1000, keeper: openQueue(newFolder()).reports },
  });
  after(() => hook.close());
  fail(hook, tokensOf(500, 'n'), 'noisy');
  fail(hook, tokensOf(100, 'q'), 'quiet');
  await eventually(() => expect(hook.stats().sent).toBe(100));
  expect(hook.byApp()).toMatchObject([
    { app: 'default' },
    // Memory for a tenth of 200, the file for a tenth of 1,000.
    { app: 'noisy', backlog: 120, dropped: 380 },
    { app: 'quiet', sent: 100, dropped: 0 },
  ]);
});

test('while the process ends, what memory has no room for is kept for the next one', async () => {
  const folder = newFolder();
  const { server, state } = await startServer();
  state.isBroken = true;
  const queue = openQueue(folder);
  const hook = hookOf(server.origin, { keeper: queue.reports });
  fail(hook, tokensOf(30));
  await hook.close();
  fail(hook, tokensOf(5, 'late'));
  await queue.close();
  expect(reportsIn(folder)).toBe(35);
});
