import { createHash } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needs } from '../../../support/needs.ts';
import { faults, openBrowser, openPage } from '../../console/browser.ts';
import { type SandboxedRelay, startSandboxedRelay } from '../sandboxed-relay.ts';

const PHONE = { width: 375, height: 800 };

describe('pages of docs/ in Chromium', needs('chromium'), () => {
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

  // Pictures, wide tables, code, long lists: one page of each kind.
  test.each(
    (['light', 'dark'] as const).flatMap((colors) =>
      ['', '/console', '/first-push', '/errors', '/hub/incidents'].map((page) => ({ colors, page })),
    ),
  )('/docs/guides$page reads well on a phone, in $colors', async ({ colors, page: name }) => {
    await using watched = await openPage(browser, relay.url, { colorScheme: colors, viewport: PHONE });
    const { page, wrong } = watched;
    await page.goto(`${relay.url}/docs/guides${name}`);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
      colors === 'light' ? 'rgb(255, 255, 255)' : 'rgb(20, 23, 26)',
    );
    expect(await page.evaluate('Array.from(document.images).filter((image) => image.naturalWidth === 0).length')).toBe(
      0,
    );
    expect(await faults(page)).toEqual([]);
    expect(wrong).toEqual([]);
  });

  test('a reader gets from the API to a guide, on to the next, to a heading, and back', async () => {
    await using watched = await openPage(browser, relay.url, { permissions: ['clipboard-read', 'clipboard-write'] });
    const { page, wrong } = watched;
    await page.goto(`${relay.url}/docs#incidentsList`);
    await page.getByRole('link', { name: 'Incidents and on-call' }).first().click();
    await page.waitForURL(`${relay.url}/docs/guides/hub/incidents`);
    await page.getByRole('link', { name: 'All guides' }).click();
    await page.waitForURL(`${relay.url}/docs/guides`);
    await page.locator('main').getByRole('link', { name: 'The first push' }).click();
    await page.waitForURL(`${relay.url}/docs/guides/first-push`);
    const id = await page.locator('main h2').last().getAttribute('id');
    await page.locator(`nav a[href="#${id}"]`).click();
    const top = `document.getElementById('${id}').getBoundingClientRect().top < innerHeight`;
    await expect.poll(() => page.evaluate(top)).toBe(true);
    const code = page.locator('main pre').first();
    await page.locator('main button.copy').first().click();
    await expect.poll(() => page.evaluate<string>('navigator.clipboard.readText()')).toBe(await code.textContent());
    await page.getByRole('navigation').getByRole('link', { name: 'HTTP API' }).first().click();
    await page.waitForURL(`${relay.url}/docs`);
    expect(wrong).toEqual([]);
  });
});

test('with keys a browser is asked once, and goes from page to page', needs('chromium'), async () => {
  const sha256 = createHash('sha256').update('read-key').digest('hex');
  const auth = { keys: { reader: { sha256, scopes: ['read'] } } };
  const browser = await openBrowser();
  await using relay = await startSandboxedRelay({ auth }, { 'x-api-key': 'read-key' });
  await using watched = await openPage(browser, relay.url);
  const { page, wrong } = watched;
  await page.goto(`${relay.url}/docs/guides/hub/tasks#buttons`);
  await page.getByLabel('API key').fill('read-key');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Tasks' }).waitFor();
  expect(await page.locator('main button.copy').count()).toBeGreaterThan(0);
  await page.getByRole('navigation').getByRole('link', { name: 'The console' }).click();
  await page.waitForURL(`${relay.url}/docs/guides/console`);
  await page.getByRole('heading', { level: 1 }).filter({ hasNotText: 'Guides' }).waitFor();
  await expect
    .poll(() => page.evaluate('Array.from(document.images).every((image) => image.naturalWidth > 0)'))
    .toBe(true);
  await page.getByRole('navigation').getByRole('link', { name: 'HTTP API' }).first().click();
  await page.getByRole('search').waitFor();
  expect(wrong.filter((line) => !/status of 401/.test(line))).toEqual([]);
  await browser.close();
});
