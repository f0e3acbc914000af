import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type DesktopBrowser, openDesktopBrowser } from '../support/desktop/desktop-browser.ts';
import { needs } from '../support/needs.ts';
import { until } from '../support/until.ts';

const CODE = readFileSync(new URL('../../src/client/service-worker.js', import.meta.url));

/** Runs in the page. */
const REGISTER = `(async () => {
  await navigator.serviceWorker.register('/service-worker.js');
  await navigator.serviceWorker.ready;
  globalThis.told = [];
  navigator.serviceWorker.addEventListener('message', ({ data }) => told.push(data));
})()`;

describe('the service worker in Chromium', needs('chromium', 'dbus-daemon'), () => {
  let origin = '';
  let browser: DesktopBrowser;
  let page: Page;

  beforeAll(async () => {
    const server = createServer(({ url }, response) => {
      const isWorker = url === '/service-worker.js';
      response.setHeader('content-type', isWorker ? 'text/javascript' : 'text/html');
      response.end(isWorker ? CODE : '<title>A shop</title>');
    });
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    browser = await openDesktopBrowser();
    await browser.context.grantPermissions(['notifications'], { origin });
    return async () => {
      await browser[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
    };
  });

  beforeEach(async () => {
    for (const open of browser.context.pages().slice(1)) await open.close();
    page = browser.context.pages()[0] as Page;
    await page.goto(`${origin}/`);
    await page.evaluate(REGISTER);
  });

  const addresses = () => browser.context.pages().map((each) => each.url().replace(origin, ''));
  const told = () => page.evaluate<object[]>('told');

  /** Delivers a push. @returns what the desktop shows then */
  async function shown(notification: object | string) {
    const before = browser.desktop.shown.length;
    const push = typeof notification === 'string' ? notification : JSON.stringify({ web_push: 8030, notification });
    await browser.deliver(origin, push);
    await until(() => browser.desktop.shown.length > before, 'a notification is shown');
    return browser.desktop.shown.at(-1) as (typeof browser.desktop.shown)[number];
  }

  test('shows a push with its text and buttons, and tells the page', async () => {
    const actions = [{ action: 'track', title: 'Track it', navigate: `${origin}/track` }];
    const notification = { title: 'Your parcel', body: 'is there', navigate: `${origin}/orders/42`, actions };
    const { title, body, actions: buttons } = await shown(notification);
    expect([title, body.split('\n').at(-1)]).toEqual(['Your parcel', 'is there']);
    expect(Object.values(buttons)).toContain('Track it');
    expect(await told()).toEqual([{ martlet: 'push', notification }]);
  });

  test('shows what is no JSON as text', async () => {
    expect(await shown('plain text')).toMatchObject({ title: 'plain text' });
  });

  test('a click opens the page that the push points to', async () => {
    const { id } = await shown({ title: 'T', navigate: `${origin}/orders/42`, data: { order: 42 } });
    browser.desktop.click(id, 'default');
    await expect.poll(addresses).toEqual(['/', '/orders/42']);
    expect((await told()).at(-1)).toMatchObject({ martlet: 'click', action: '', data: { order: 42 } });
  });

  test('a click on a button opens the page that the button points to', async () => {
    const actions = [{ action: 'track', title: 'Track it', navigate: `${origin}/track` }];
    const { id } = await shown({ title: 'T', navigate: `${origin}/orders/42`, actions });
    browser.desktop.click(id, '0');
    await expect.poll(addresses).toEqual(['/', '/track']);
    expect((await told()).at(-1)).toMatchObject({ martlet: 'click', action: 'track' });
  });

  test('a click opens nothing where the page is open already', async () => {
    const { id } = await shown({ title: 'T', navigate: `${origin}/` });
    const other = await shown({ title: 'U', navigate: `${origin}/other` });
    browser.desktop.click(id, 'default');
    await expect.poll(async () => (await told()).length).toBe(3);
    browser.desktop.click(other.id, 'default');
    await expect.poll(addresses).toEqual(['/', '/other']);
  });
});
