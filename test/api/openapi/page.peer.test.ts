import { createHash } from 'node:crypto';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needs } from '../../support/needs.ts';
import { openBrowser, openPage } from '../console/browser.ts';
import { type SandboxedRelay, startSandboxedRelay } from './sandboxed-relay.ts';

const PHONE = { width: 375, height: 800 };

const section = (page: Page, id: string) => page.locator(`section[aria-labelledby="${id}"]`);

async function opened(page: Page, id: string) {
  const operation = section(page, id);
  await operation.getByText('Send it from here').click();
  return operation;
}

describe('the page of the API in Chromium', needs('chromium'), () => {
  let browser: Browser;
  let relay: SandboxedRelay;
  beforeAll(async () => {
    browser = await openBrowser();
    relay = await startSandboxedRelay();
  });
  afterAll(async () => {
    await browser?.close();
    await relay?.[Symbol.asyncDispose]();
  });

  test('a search shows what has all of its words, and no more', async () => {
    await using watched = await openPage(browser, relay.url);
    const { page, wrong } = watched;
    await page.goto(`${relay.url}/docs`);
    const all = await page.locator('main section').count();
    await page.keyboard.press('/');
    await page.keyboard.type('quiet HOURS snooze');
    const shown = page.locator('main section:visible');
    await expect.poll(() => shown.count()).toBeLessThan(all / 4);
    expect(await shown.count()).toBeGreaterThan(0);
    for (const text of await shown.allTextContents()) expect(text.toLowerCase()).toMatch(/quiet/);
    expect(await page.locator('#found').textContent()).toBe(`${await shown.count()} of ${all}`);
    expect(await page.locator('nav li li:visible').count()).toBe(await shown.count());

    await page.locator('#search').fill('no such <b>word</b>');
    await expect.poll(() => shown.count()).toBe(0);
    expect(await page.locator('#found').textContent()).toBe('Nothing has all of these words.');
    // A link leads to what is hidden.
    await page.evaluate("location.hash = '#push'");
    await expect.poll(() => shown.count()).toBe(all);

    await page.locator('#search').fill('webhook');
    await page.keyboard.press('Escape');
    await expect.poll(() => shown.count()).toBe(all);
    expect(wrong).toEqual([]);
  });

  test('samples are in the language of choice, also at the next visit, and can be copied', async () => {
    await using watched = await openPage(browser, relay.url, { permissions: ['clipboard-read', 'clipboard-write'] });
    const { page, wrong } = watched;
    await page.goto(`${relay.url}/docs`);
    const samples = section(page, 'push').locator('.sample:visible');
    expect(await samples.first().textContent()).toContain(`curl ${relay.url}/api/push`);
    await page.locator('#language').selectOption('Python');
    expect(await samples.first().textContent()).toContain('import requests');
    await page.reload();
    expect(await samples.first().textContent()).toContain('import requests');
    await samples.first().getByRole('button', { name: 'Copy: Python' }).click();
    await expect.poll(() => samples.first().locator('button').textContent()).toBe('Copied');
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(copied).toBe(await samples.first().locator('pre').textContent());
    expect(wrong).toEqual([]);
  });

  test('a request is sent from the page, changed as its reader likes, and its answer is shown', async () => {
    await using watched = await openPage(browser, relay.url);
    const { page, wrong } = watched;
    await page.goto(`${relay.url}/docs`);
    const push = await opened(page, 'push');
    await push.getByRole('button', { name: 'Send POST' }).click();
    await push.getByText('200 OK').waitFor();
    expect(JSON.parse((await push.locator('pre:visible').last().textContent()) ?? '')).toMatchObject({ success: 'ok' });
    await push.getByRole('textbox', { name: 'Body of push' }).fill('{"notifications": 7}');
    await push.getByRole('button', { name: 'Send POST' }).click();
    await push.getByText('400 Bad Request').waitFor();

    const person = await opened(page, 'readUser');
    await person.getByLabel('user (path)').fill('a/../b ?#');
    await person.getByRole('button', { name: 'Send GET' }).click();
    await person.getByText('404 Not Found').waitFor();
    // The browser itself tells of answers that are no success.
    expect(wrong.filter((line) => !/status of (400|404)/.test(line))).toEqual([]);
  });

  test('what does not end can be stopped, and what is no sandbox asks first', async () => {
    await using watched = await openPage(browser, relay.url);
    const { page } = watched;
    await page.goto(`${relay.url}/docs`);
    const events = await opened(page, 'consoleEvents');
    await events.getByRole('button', { name: 'Send GET' }).click();
    await events.getByText('event: hello').waitFor();
    await events.getByRole('button', { name: 'Stop' }).click();
    await events.getByText('200 OK (stopped)').waitFor();

    await page.evaluate("document.body.dataset.sandbox = 'false'");
    const asked: string[] = [];
    page.on('dialog', (dialog) => {
      asked.push(dialog.message());
      void dialog.dismiss();
    });
    const push = await opened(page, 'push');
    await push.getByRole('button', { name: 'Send POST' }).click();
    await expect.poll(() => asked).toEqual(['This is no sandbox. Really send POST /api/push to this relay?']);
    expect(await push.getByRole('status').textContent()).toBe('');
  });

  test.each(['light', 'dark'] as const)(
    'axe finds nothing in %s, on a phone, with a form open',
    async (colorScheme) => {
      await using watched = await openPage(browser, relay.url, { colorScheme, viewport: PHONE });
      const { page, wrong } = watched;
      await page.goto(`${relay.url}/docs`);
      await opened(page, 'push');
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width);
      // One group: the whole page takes minutes.
      await page.locator('#search').fill('/api/push');
      const session = await page.context().newCDPSession(page);
      // Past the policy of the page, which lets no such script in.
      await session.send('Runtime.evaluate', { expression: axe.source });
      const found = await page.evaluate(
        "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)].join(' ')))",
      );
      expect(found).toEqual([]);
      expect(wrong).toEqual([]);
    },
  );
});

describe('with keys', needs('chromium'), () => {
  const sha256 = createHash('sha256').update('boss-key').digest('hex');
  const few = createHash('sha256').update('push-key').digest('hex');
  const auth = { keys: { boss: { sha256, scopes: ['admin'] }, shop: { sha256: few, scopes: ['push'] } } };

  test('a browser is asked for a key on the page, which then holds for requests that are sent from it', async () => {
    const browser = await openBrowser();
    await using relay = await startSandboxedRelay({ auth }, { 'x-api-key': 'boss-key' });
    await using watched = await openPage(browser, relay.url);
    const { page, wrong } = watched;
    const response = await page.goto(`${relay.url}/docs#push`);
    expect(response?.status()).toBe(401);
    expect(response?.headers()['www-authenticate']).toBe('Bearer realm="martlet"');
    const why = page.locator('#why');
    await page.getByLabel('API key').fill('wrong-key');
    await page.keyboard.press('Enter');
    await expect.poll(() => why.textContent()).toMatch(/key/);
    await page.getByLabel('API key').fill('a kéy');
    await page.keyboard.press('Enter');
    await expect.poll(() => why.textContent()).toMatch(/^This is no API key/);
    await page.getByLabel('API key').fill('push-key');
    await page.keyboard.press('Enter');
    await expect.poll(() => why.textContent()).toMatch(/read/);
    await page.getByLabel('API key').fill('boss-key');
    await page.keyboard.press('Enter');
    const push = section(page, 'push');
    await push.getByText('Send it from here').click();
    await push.getByRole('button', { name: 'Send POST' }).click();
    await push.getByText('200 OK').waitFor();

    // The key is the tab's: neither a reload nor the console asks again.
    await page.reload();
    await section(page, 'push').waitFor();
    await page.goto(`${relay.url}/console`);
    await page.getByText('sandbox', { exact: false }).first().waitFor();
    expect(wrong.filter((line) => !/status of 40[13]/.test(line))).toEqual([]);
    await browser.close();
  });
});
