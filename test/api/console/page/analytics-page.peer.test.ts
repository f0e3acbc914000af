import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { needs } from '../../../support/needs.ts';
import { startSandboxedRelay } from '../../openapi/sandboxed-relay.ts';
import { faults, openBrowser, openPage } from '../browser.ts';

const FIGURES = {
  ...{ pending: 0, deferred: 0, sent: 10, delivered: 5, seen: 2, read: 3, failed: { Unregistered: 4 } },
  ...{ suppressed: { quiet_hours: 7 }, cancelled: {}, expired: 0, opened: 3, dismissed: 0, acted: 1 },
  rates: { delivered: 0.5, seen: 0.25, read: 0.15, opened: 0.15, acted: 0.05 },
  latency_ms: { p50: 40, p95: 180, p99: 500 },
  cost: 1.5,
  saved: { suppressed: 2, dead: 0, collapsed: 0, realtime_first: 0, digested: 0, total: 2 },
};

describe('the page of analytics in Chromium', needs('chromium'), () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  async function opened(look: Parameters<typeof openPage>[2] = {}) {
    const relay = await startSandboxedRelay({
      hub: { enabled: true, path: '', costs: { push: 0.25 } },
      ios: { topic: 'com.example.app' },
    });
    onTestFinished(() => relay[Symbol.asyncDispose]());
    const { page, wrong } = await openPage(browser, relay.url, look);
    onTestFinished(() => page.context().close());
    const ask = async (line: string, body: object) => {
      const [method, path] = line.split(' ') as [string, string];
      const response = await fetch(relay.url + path, { method, body: JSON.stringify(body) });
      expect(response.ok, await response.text()).toBe(true);
    };
    return { relay, page, wrong, ask, show: (hash: string) => page.goto(`${relay.url}/console${hash}`) };
  }

  const figure = (page: Page, title: string) => page.locator('figure', { hasText: title });

  /** Answers with rows for these times. */
  const answered = (page: Page, rowsOf: (query: URLSearchParams) => object[]) =>
    page.route('**/v1/analytics?*', (route) => {
      const query = new URL(route.request().url()).searchParams;
      const body = { app: 'default', rows: rowsOf(query), total: FIGURES };
      return route.fulfill({ contentType: 'application/json', body: JSON.stringify(body) });
    });

  test('what was sent is counted in its charts and its tables', async () => {
    const { page, wrong, ask, show } = await opened();
    await ask('PUT /v1/users/ada', {});
    await ask('PUT /v1/devices/d1', { platform: 'ios', token: '1'.repeat(64), user: 'ada' });
    await ask('POST /v1/notifications', { type: 'news', message: 'hi', to: { users: ['ada'] }, mode: 'push_only' });
    await expect
      .poll(
        async () => {
          await show('#page=analytics');
          await page.reload();
          await page.getByRole('region', { name: 'Figures by channel' }).getByRole('row', { name: /push/ }).waitFor();
          return page
            .getByRole('region', { name: 'Figures by channel' })
            .getByRole('row', { name: /push/ })
            .textContent();
        },
        { timeout: 30_000 },
      )
      .toMatch(/^push1/);
    expect(await page.getByRole('region', { name: 'Figures by type' }).getByRole('row', { name: /news/ }).count()).toBe(
      1,
    );
    await expect
      .poll(() => figure(page, 'Messages').getByRole('listitem').first().textContent())
      .toBe('taken by providers 1');
    expect(wrong).toEqual([]);
  });

  test('charts have axes, a legend, and values that the pointer and the keyboard read', async () => {
    const { page, wrong, show } = await opened({ timezoneId: 'Asia/Kolkata' });
    const hour = (back: number) => {
      const at = new Date(Date.now() - back * 3_600_000);
      // An hour of Kolkata begins at half past one of UTC.
      return new Date(Math.floor((at.getTime() + 1_800_000) / 3_600_000) * 3_600_000 - 1_800_000).toISOString();
    };
    await answered(page, (query) =>
      query.get('by') === 'hour'
        ? [
            { ...FIGURES, hour: hour(1), sent: 60 },
            { ...FIGURES, hour: hour(0) },
          ]
        : [],
    );
    await show('#page=analytics');
    const messages = figure(page, 'Messages');
    const taken = messages.getByRole('listitem').filter({ hasText: 'taken by providers' });
    await expect.poll(() => taken.textContent()).toBe('taken by providers 20');
    const chart = messages.locator('svg');
    await expect
      .poll(() => chart.getAttribute('aria-label'))
      .toMatch(/the last 24 hours: taken by providers at most 70,/);
    expect(await messages.locator('.axes text').allTextContents()).toEqual(expect.arrayContaining(['0', '100']));
    await chart.focus();
    await page.keyboard.press('ArrowLeft');
    expect(await taken.textContent()).toBe('taken by providers 20');
    await page.keyboard.press('ArrowLeft');
    expect(await taken.textContent()).toBe('taken by providers 70');
    await page.keyboard.press('PageUp');
    expect(await taken.textContent()).toBe('taken by providers 0');
    await chart.blur();
    const { x = 0, y = 0, width = 0 } = (await chart.boundingBox()) ?? {};
    await page.mouse.move(x + width * 0.5, y + 20);
    expect(await taken.textContent()).toBe('taken by providers 0');
    expect(await messages.locator('.when').textContent()).toMatch(/^\d{4}-\d\d-\d\d, \d\d:00$/);
    await page.mouse.move(0, 0);
    expect(await taken.textContent()).toBe('taken by providers 20');
    const late = figure(page, 'Due until answered').getByRole('listitem').filter({ hasText: '95th' });
    expect(await late.textContent()).toBe('95th percentile 180 ms');
    expect(wrong).toEqual([]);
  });

  test('an axis of whole numbers has none twice', async () => {
    const { page, wrong, show } = await opened();
    const few = { ...FIGURES, sent: 1, failed: {}, delivered: 0, suppressed: {}, seen: 0, read: 0, opened: 0 };
    await answered(page, (query) =>
      query.get('by') === 'hour' ? [{ ...few, hour: `${new Date().toISOString().slice(0, 13)}:00:00.000Z` }] : [],
    );
    await show('#page=analytics');
    const messages = figure(page, 'Messages');
    await expect
      .poll(() => messages.locator('svg').getAttribute('aria-label'))
      .toMatch(/taken by providers at most 1,/);
    const numbers = (await messages.locator('.axes text').allTextContents()).filter((text) => !text.includes(':'));
    expect(numbers).toEqual(['0', '1']);
    expect(wrong).toEqual([]);
  });

  test('a range is chosen, is in the address, and goes back with it; an app is named there', async () => {
    const { page, wrong, show } = await opened();
    const queries: string[] = [];
    await answered(page, (query) => {
      queries.push(`${query.get('by')} ${query.get('app')}`);
      return [];
    });
    await show('#page=analytics&app=shop');
    await expect.poll(() => queries).toContain('hour shop');
    await page.getByText('30d', { exact: true }).click();
    await expect.poll(() => queries).toContain('day shop');
    await figure(page, 'Messages').getByText('the last 30 days').waitFor();
    expect(page.url()).toContain('range=30d');
    expect(page.url()).toContain('app=shop');
    await page.goBack();
    await figure(page, 'Messages').getByText('the last 24 hours').waitFor();
    expect(await page.locator('input[value="24h"]').isChecked()).toBe(true);
    expect(wrong).toEqual([]);
  });

  test('what cannot be answered is said, and names and types are text', async () => {
    const { page, show } = await opened();
    const type = '<img src=x onerror="document.title=1">';
    await answered(page, (query) => (query.get('by') === 'type' ? [{ ...FIGURES, type }] : []));
    await show('#page=analytics');
    await page.getByRole('rowheader', { name: type }).waitFor();
    await page.unroute('**/v1/analytics?*');
    await show('#page=analytics&app=nowhere');
    await page.getByText('there is no such app').waitFor();
  });

  test.each([
    ['light', 1440],
    ['dark', 1440],
    ['light', 375],
    ['dark', 375],
  ] as const)('axe finds nothing wrong, and nothing sticks out, in %s at %d', async (colorScheme, width) => {
    const { page, wrong, show } = await opened({ colorScheme, viewport: { width, height: 900 } });
    await answered(page, (query) =>
      query.get('by') === 'hour' ? [] : [{ ...FIGURES, channel: 'push', type: 'incident.created.of.a.very.long.name' }],
    );
    await show('#page=analytics');
    expect(await faults(page)).toEqual([]);
    await page.getByRole('img', { name: /^Messages, the last 24 hours/ }).waitFor();
    expect(await faults(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    expect(wrong).toEqual([]);
  });
});
