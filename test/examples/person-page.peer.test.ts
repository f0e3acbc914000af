import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type DesktopBrowser, openDesktopBrowser } from '../support/desktop/desktop-browser.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/needs.ts';
import { until } from '../support/until.ts';
import { type Subscribed, startPushService, type TestingPushService } from '../webpush/testing-push-service.ts';

const SERVER = new URL('../../examples/person-page/server.js', import.meta.url).pathname;
const MAKE_SETTINGS = new URL('../../examples/person-page/make-settings.js', import.meta.url).href;

/** The configuration that the first start makes, with the push service of this test beside those of browsers. */
async function makeSettings(folder: string, places: object, extraHost: string): Promise<void> {
  const { makeSettings: make } = (await import(MAKE_SETTINGS)) as { makeSettings(at: string, places: object): void };
  make(folder, places);
  const file = join(folder, 'config.json');
  const made = JSON.parse(readFileSync(file, 'utf8'));
  const web = { ...made.web, extra_hosts: [extraHost], private_networks: ['127.0.0.0/8', '::1'] };
  writeFileSync(file, JSON.stringify({ ...made, web }));
}

/** The example as its README starts it in a checkout. */
async function startExample(port: number, relayPort: number, folder: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [SERVER, String(port), String(relayPort), folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error(`it ended: ${errors}`))),
  ]);
  return child;
}

/** Runs in the page before all else: the browser's own push service cannot be had without the network, another one takes its place. */
const OTHER_PUSH_SERVICE = `{
  let made;
  const subscriptionOf = (told, key) => made = {
    options: { applicationServerKey: key.buffer },
    toJSON: () => ({ endpoint: told.endpoint, keys: told.keys }),
    unsubscribe: async () => { made = undefined; return true; },
  };
  PushManager.prototype.getSubscription = async () => made ?? null;
  PushManager.prototype.subscribe = async ({ applicationServerKey: key }) =>
    subscriptionOf(await subscribeElsewhere(btoa(String.fromCharCode(...key))), key);
}`;

describe('the example page in Chromium', needs('chromium', 'dbus-daemon'), () => {
  let origin = '';
  let relay = '';
  let apiKey = '';
  let folder = '';
  let service: TestingPushService;
  let browser: DesktopBrowser;
  let page: Page;
  const subscriptions: Subscribed[] = [];
  const wrong: string[] = [];

  beforeAll(async () => {
    vi.spyOn(console, 'log').mockImplementation(() => {});
    await using closers = new AsyncDisposableStack();
    folder = mkdtempSync(join(tmpdir(), 'martlet-page-'));
    closers.defer(() => rmSync(folder, { recursive: true, force: true }));
    service = await startPushService();
    closers.defer(() => service.close());
    const [port, relayPort] = [await freePort(), await freePort()];
    origin = `http://localhost:${port}`;
    relay = `http://127.0.0.1:${relayPort}`;
    await makeSettings(folder, { origin, relayPort: String(relayPort) }, service.at);
    apiKey = readFileSync(join(folder, 'api-key'), 'utf8');
    const example = await startExample(port, relayPort, folder);
    closers.defer(async () => {
      example.kill('SIGTERM');
      await once(example, 'exit');
    });
    browser = closers.use(await openDesktopBrowser());
    await browser.context.grantPermissions(['notifications'], { origin });
    await browser.context.exposeFunction('subscribeElsewhere', async (base64: string) => {
      const key = Buffer.from(base64, 'base64').toString('base64url');
      const made = await service.subscribe(key);
      subscriptions.push(made);
      return made;
    });
    await browser.context.addInitScript(OTHER_PUSH_SERVICE);
    const owned = closers.move();
    return () => owned.disposeAsync();
  });

  beforeEach(async () => {
    await browser.context.clearCookies();
    page = await browser.context.newPage();
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') wrong.push(message.text());
    });
  });

  const ask = async (path: string) => {
    const response = await fetch(relay + path, { headers: { authorization: `Bearer ${apiKey}` } });
    // biome-ignore lint/suspicious/noExplicitAny: what it holds is what the test is about
    return (await response.json()) as any;
  };
  const devicesOf = async (user: string) => (await ask(`/v1/users/${user}/devices`)).devices as { platform: string }[];

  async function signIn(name: string): Promise<void> {
    await page.goto(origin);
    await page.getByLabel('Your name').fill(name);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText(`${name}: live`).waitFor();
  }
  async function send(title: string): Promise<void> {
    await page.getByLabel('Send yourself something').fill(title);
    await page.getByRole('button', { name: 'Send', exact: true }).click();
  }
  const unread = () => page.locator('#unread').textContent();

  test('a person sees what is sent, live and in the inbox, and what is read stays so after a reload', async () => {
    await signIn('Ada');
    expect(await unread()).toBe('0');
    await send('First');
    await page.locator('#stream li', { hasText: 'First' }).waitFor();
    await send('Second');
    await page.locator('#inbox li[data-unread]', { hasText: 'Second' }).waitFor();
    await expect.poll(unread).toBe('2');
    await page.locator('#inbox li', { hasText: 'First' }).getByRole('button', { name: 'Read' }).click();
    await expect.poll(unread).toBe('1');
    await page.reload();
    await page.getByText('Ada: live').waitFor();
    await expect.poll(unread).toBe('1');
    await page.getByRole('button', { name: 'All read' }).click();
    await expect.poll(unread).toBe('0');
    const sent = (await ask('/v1/users/ada/notifications')).notifications as {
      title: string;
      read_at: string | null;
    }[];
    expect(sent.map(({ title, read_at }) => [title, read_at !== null])).toEqual([
      ['Second', true],
      ['First', true],
    ]);
    expect(wrong).toEqual([]);
    await page.close();
  });

  test('a browser that is registered gets a push once the page is closed, and a click leads to what it was about', async () => {
    await signIn('Bob');
    await page.getByRole('button', { name: 'Notify this browser' }).click();
    await page.getByText('This browser is notified').waitFor();
    expect(await devicesOf('bob')).toMatchObject([{ platform: 'web' }]);
    const cookie = (await browser.context.cookies(origin)).map(({ name, value }) => `${name}=${value}`).join('; ');
    await page.close();
    const headers = { cookie, 'content-type': 'application/json' };
    const body = JSON.stringify({ title: 'While you were away' });
    const { id } = (await (await fetch(`${origin}/send`, { method: 'POST', headers, body })).json()) as { id: string };
    const pushes: string[] = [];
    await until(async () => {
      pushes.push(...(await service.messages(subscriptions.at(-1) as Subscribed)));
      return pushes.length > 0;
    }, 'the push service has a push');
    await browser.deliver(origin, pushes[0] as string);
    await until(() => browser.desktop.shown.some(({ title }) => title === 'While you were away'), 'it is shown');
    const shown = browser.desktop.shown.find(({ title }) => title === 'While you were away');
    const opened = browser.context.waitForEvent('page');
    browser.desktop.click(shown?.id as number, 'default');
    page = await opened;
    await page.waitForURL(`${origin}/?notification=${id}`);
    await page.getByText('Bob: live').waitFor();
    await expect.poll(async () => (await ask('/v1/users/bob/notifications')).unread).toBe(0);
    expect(wrong).toEqual([]);
    await page.close();
  });

  test('signing out takes the browser from the person, and the stream ends', async () => {
    await signIn('Eve');
    await page.getByRole('button', { name: 'Notify this browser' }).click();
    await page.getByText('This browser is notified').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Your name').waitFor();
    expect(await devicesOf('eve')).toEqual([]);
    await expect.poll(async () => (await ask('/v1/users/eve/presence')).connections).toBe(0);
    expect(await (await page.request.get(`${origin}/settings`)).json()).toMatchObject({ person: null });
    await page.close();
  });

  test('a person reads nothing of another, and the key of the back end is for its owner alone', async () => {
    const { token } = (await (
      await fetch(`${relay}/v1/users/ada/tokens`, { method: 'POST', headers: { authorization: `Bearer ${apiKey}` } })
    ).json()) as { token: string };
    const asked = await fetch(`${relay}/v1/users/bob/notifications`, { headers: { authorization: `Bearer ${token}` } });
    expect(asked.status).toBe(403);
    const answer = await fetch(`${origin}/push-token`, { method: 'POST' });
    expect(answer.status).toBe(401);
    for (const secret of ['api-key', 'config.json'])
      expect((statSync(join(folder, secret)).mode & 0o777).toString(8)).toBe('600');
  });
});
