import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EventSource } from 'eventsource';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../../support/eventually.ts';
import { needs } from '../../../support/needs.ts';
import { openBrowser } from '../../console/browser.ts';
import { type SeedRelay, startSeedRelay } from '../seed-relay.ts';
import { openSse } from './sse-client.ts';

const BOSS = { authorization: 'Bearer boss' };
const PATH = '/v1/users/ada/stream';

const publish = (relay: SeedRelay, payload: unknown) =>
  relay.ask('POST /v1/users/ada/events', 'boss', { type: 'test', payload });

/** Ends the oldest stream of a client, as a proxy that is restarted does. */
async function endOldest(relay: SeedRelay, client: string): Promise<void> {
  for (let each = 0; each < 5; each++) await openSse(`${relay.url}${PATH}?client_id=${client}`, BOSS);
}

test('curl shows a stream line by line as it comes, and a poll when there is something', async () => {
  const relay = await startSeedRelay();
  const curl = (...args: string[]) => {
    const child = spawn('curl', ['-sN', '-H', 'Authorization: Bearer boss', ...args]);
    onTestFinished(() => {
      child.kill();
    });
    const output = { text: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      output.text += chunk;
    });
    return { output, ended: once(child, 'close') };
  };
  const stream = curl(`${relay.url}${PATH}`);
  await eventually(() => expect(stream.output.text).toContain('retry: 3000\n'));
  for (const payload of ['one', 'two']) {
    await publish(relay, payload);
    await eventually(() => expect(stream.output.text).toMatch(new RegExp(`event: test\ndata: .*"${payload}".*\n\n$`)));
  }
  const poll = curl(`${relay.url}${PATH}/events?after=earliest`);
  await poll.ended;
  expect(JSON.parse(poll.output.text).events).toHaveLength(2);
});

test('the npm package eventsource comes back with the last id, also before its first event, and has each event once', async () => {
  const relay = await startSeedRelay();
  let opens = 0;
  const source = new EventSource(`${relay.url}${PATH}?client_id=node&event=message`, {
    fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, ...BOSS } }),
  });
  onTestFinished(() => source.close());
  const got: number[] = [];
  source.addEventListener('open', () => {
    opens++;
  });
  source.addEventListener('message', ({ data }) => got.push(JSON.parse(data).payload));
  await eventually(() => expect(opens).toBe(1));
  await endOldest(relay, 'node');
  await eventually(() => expect(source.readyState).toBe(EventSource.CONNECTING));
  await publish(relay, 1);
  await eventually(() => expect(got).toEqual([1]));
  expect(opens).toBe(2);
  await endOldest(relay, 'node');
  await eventually(() => expect(source.readyState).toBe(EventSource.CONNECTING));
  for (const payload of [2, 3]) await publish(relay, payload);
  await eventually(() => expect(opens).toBe(3));
  await publish(relay, 4);
  await eventually(() => expect(got).toEqual([1, 2, 3, 4]));
});

describe('in Chromium', needs('chromium'), () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  /** An empty page of an origin of its own. */
  async function pageAt(origin: string): Promise<Page> {
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(`${origin}/page`);
    await page.evaluate('window.got = []; window.state = []');
    return page;
  }

  async function origin(): Promise<string> {
    const server = createServer((_, res) =>
      res.setHeader('content-type', 'text/html').end('<!doctype html><title>page</title>'),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const ticket = async (relay: SeedRelay): Promise<string> =>
    (await relay.ask('POST /v1/users/ada/stream-tickets', 'boss')).body.ticket;
  const listen = (page: Page, url: string) =>
    page.evaluate(`{
      const source = window.source = new EventSource(${JSON.stringify(url)});
      source.onopen = () => window.state.push('open');
      source.onerror = () => window.state.push(source.readyState === EventSource.CLOSED ? 'closed' : 'lost');
      source.addEventListener('test', ({ data }) => window.got.push(JSON.parse(data).payload));
    }`);
  const got = (page: Page) => page.evaluate('window.got');
  const state = (page: Page) => page.evaluate('window.state') as Promise<string[]>;

  test('an EventSource of a page of hub.cors_origins is live with a ticket; that of another page has nothing', async () => {
    const [own, other] = [await origin(), await origin()];
    const relay = await startSeedRelay({ hub: { cors_origins: [own] } });
    const [page, stranger] = [await pageAt(own), await pageAt(other)];
    await listen(page, `${relay.url}${PATH}?ticket=${await ticket(relay)}`);
    await eventually(async () => expect(await state(page)).toEqual(['open']));
    await listen(stranger, `${relay.url}${PATH}?ticket=${await ticket(relay)}&last_event_id=earliest`);
    await publish(relay, 'ä\u0000\r\n\u2028');
    await eventually(async () => expect(await got(page)).toEqual(['ä\u0000\r\n\u2028']));
    await eventually(async () => expect((await state(stranger)).at(-1)).toBe('closed'));
    expect(await got(stranger)).toEqual([]);
  });

  test('one that loses its connection comes back by itself, with its place, before the first event and after it', async () => {
    const relay = await startSeedRelay({ auth: { keys: {} } });
    const ask = (line: string, body?: unknown) => relay.ask(line, '', body);
    const page = await pageAt(relay.url);
    await listen(page, `${PATH}?client_id=tab`);
    await eventually(async () => expect(await state(page)).toEqual(['open']));
    for (const payload of [1, 2]) {
      for (let each = 0; each < 5; each++) await openSse(`${relay.url}${PATH}?client_id=tab`);
      await eventually(async () => expect((await state(page)).at(-1)).toBe('lost'));
      await ask('POST /v1/users/ada/events', { type: 'test', payload });
      await eventually(async () => expect((await state(page)).at(-1)).toBe('open'));
    }
    await eventually(async () => expect(await got(page)).toEqual([1, 2]));
  });

  test('a WebSocket of a page that may is live, by ticket or by a first frame; another page has none', async () => {
    const [own, other] = [await origin(), await origin()];
    const relay = await startSeedRelay({ hub: { cors_origins: [own] } });
    const connect = async (at: string, query: string, first = '') => {
      const page = await pageAt(at);
      await page.evaluate(`{
        const socket = window.socket = new WebSocket(${JSON.stringify(`${relay.url.replace('http', 'ws')}${PATH}/ws${query}`)});
        socket.onopen = () => { const first = ${JSON.stringify(first)}; if (first) socket.send(first); };
        socket.onmessage = ({ data }) => { const { type, payload } = JSON.parse(data); window.state.push(type); if (type === 'test') window.got.push(payload); };
        socket.onclose = ({ code }) => window.state.push(code);
      }`);
      return page;
    };
    const token = await relay.tokenOf('ada');
    const pages = [
      await connect(own, `?ticket=${await ticket(relay)}`),
      await connect(own, '', JSON.stringify({ token })),
    ];
    for (const page of pages) await eventually(async () => expect(await state(page)).toEqual(['ready']));
    await publish(relay, 1);
    for (const page of pages) await eventually(async () => expect(await got(page)).toEqual([1]));
    const stranger = await connect(other, `?ticket=${await ticket(relay)}`);
    await eventually(async () => expect(await state(stranger)).toEqual([1006]));
    await relay[Symbol.asyncDispose]();
    for (const page of pages)
      await eventually(async () => expect((await state(page)).slice(-2)).toEqual(['bye', 4000]));
  });
});
