import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../../../auth/guarded-relay.ts';
import { needs } from '../../../../support/needs.ts';
import { openBrowser } from '../../browser.ts';
import { apnsToken, expectFine, HOSTILE, openHubConsole, RIGHT_TO_LEFT } from './hub-console.ts';

const row = (page: Page, name: string) =>
  page.getByRole('list', { name: 'People' }).getByRole('listitem').filter({ hasText: name });

describe('people in the console', needs('chromium'), () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test('are listed page by page, searched by name, team and role, and found in 3,000', async () => {
    const { page, ask, wrong, relay } = await openHubConsole(browser);
    await page.getByRole('link', { name: 'People', exact: true }).click();
    await page.getByText('No one is known yet').waitFor();
    const rows = Array.from({ length: 3000 }, (_, i) =>
      JSON.stringify({ id: `d${i}`, user: `u${String(i).padStart(4, '0')}`, platform: 'ios', token: apnsToken(i) }),
    );
    await fetch(`${relay.url}/v1/devices/import`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-ndjson' },
      body: rows.join('\n'),
    });
    await ask('PUT /v1/users/ada', { name: 'Ada Lovelace', teams: ['ops'], roles: ['lead'], email: 'ada@example.com' });
    await page.reload();
    const list = page.getByRole('list', { name: 'People' }).getByRole('listitem');
    await expect.poll(() => list.count()).toBe(50);
    await page.getByRole('button', { name: 'More' }).click();
    await expect.poll(() => list.count()).toBe(100);
    await page.getByLabel('Name, id, mail').fill('LOVELACE');
    await expect.poll(() => list.count()).toBe(1);
    await page.getByLabel('Name, id, mail').fill('no such person');
    await page.getByText('No one matches.').waitFor();
    await page.getByLabel('Name, id, mail').fill('');
    await page.locator('#people-team').fill('ops');
    await page.locator('#people-role').fill('lead');
    await expect.poll(() => list.allTextContents()).toEqual([expect.stringContaining('Ada Lovelace')]);
    await page.getByRole('link', { name: 'Ada Lovelace' }).click();
    await page.getByText('ada@example.com').waitFor();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Ada Lovelace');
    await page.goBack();
    await expect.poll(() => list.count()).toBe(1);
    expect(wrong).toEqual([]);
  });

  test('why she did not get it is said in words, with her devices, settings, inbox and snooze', async () => {
    const { page, ask, go, wrong } = await openHubConsole(browser);
    await ask('PUT /v1/users/ada', { name: 'Ada', timezone: 'Europe/Athens', consent: { email: true } });
    await ask('PUT /v1/devices/phone', { user: 'ada', platform: 'ios', token: apnsToken(1), name: "Ada's phone" });
    await ask('PUT /v1/devices/old', { user: 'ada', platform: 'android', token: 'sandbox-unregistered', name: 'Old' });
    await ask('PUT /v1/users/ada/settings', {
      types: { 'news.*': false },
      channels: { sms: 'never' },
      quiet_hours: { start: '22:00', end: '07:00' },
    });
    await ask('POST /v1/notifications', {
      id: 'n1',
      type: 'news.daily',
      title: 'The news',
      message: 'x',
      to: { users: ['ada'] },
    });
    await ask('POST /v1/notifications', {
      id: 'n2',
      type: 'order',
      title: 'Your order',
      message: 'is there',
      to: { users: ['ada'] },
      mode: 'push_only',
      priority: 'critical',
    });
    await go('page=people&user=ada');
    const why = page.getByRole('region', { name: 'Why it came' });
    await why.getByText('The person does not want notifications of the type news.* by').first().waitFor();
    const devices = page.getByRole('region', { name: 'Devices' });
    await devices.getByText("Ada's phone").waitFor();
    expect(await devices.textContent()).not.toContain(apnsToken(1));
    const settings = page.getByRole('region', { name: 'Settings' });
    await settings.getByText('every day 22:00–07:00').waitFor();
    await settings.getByText('Clock: Europe/Athens (the zone of the user)').waitFor();
    await settings.getByText('text message: off, also for critical ones').waitFor();
    const inbox = page.getByRole('region', { name: 'Inbox' });
    await inbox.getByText('Your order').waitFor();
    await inbox.getByText('1 not read').waitFor();
    await settings.getByLabel('Snooze for').selectOption('4h');
    await settings.getByRole('button', { name: 'Snooze', exact: true }).click();
    await settings.getByText('The snooze is set.').waitFor();
    expect(await ask('GET /v1/users/ada/settings')).toHaveProperty('snoozed_until');
    await settings.getByRole('button', { name: 'End the snooze' }).click();
    await settings.getByText('The snooze is ended.').waitFor();
    expect(await ask('GET /v1/users/ada/settings')).not.toHaveProperty('snoozed_until');
    await expect.poll(async () => (await ask('GET /v1/devices/old')).status).toBe('invalid');
    await page.reload();
    await devices.getByText('Its provider says that this token takes no pushes any more').waitFor();
    await expectFine(page);
    await why.getByRole('link', { name: 'what became of the push' }).first().click();
    await page
      .getByText(/Attempt 1: (delivered|failed)/)
      .first()
      .waitFor();
    expect(wrong).toEqual([]);
  });

  test.each(['light', 'dark'] as const)(
    'in %s, names that are long, hostile or right to left are text and stay in place',
    async (colorScheme) => {
      const { page, ask, go, wrong } = await openHubConsole(browser, { colorScheme });
      const long = `${'Wolfeschlegelsteinhausen'.repeat(9)}`;
      await ask('PUT /v1/users/a', { name: HOSTILE, teams: [HOSTILE], data: {} });
      await ask('PUT /v1/users/b', { name: long, teams: Array.from({ length: 40 }, (_, i) => `team-${i}`) });
      await ask('PUT /v1/users/c', { name: RIGHT_TO_LEFT });
      await ask(`PUT /v1/users/${encodeURIComponent('d/ä ?#&=%🦅')}`, { name: 'Odd id' });
      await ask('POST /v1/notifications', {
        id: HOSTILE,
        title: HOSTILE,
        message: HOSTILE,
        type: HOSTILE,
        to: { users: ['a', 'b', 'c'] },
      });
      await go('page=people');
      await row(page, 'Odd id').waitFor();
      expect(await row(page, HOSTILE).count()).toBe(1);
      await expectFine(page);
      await row(page, 'Odd id').getByRole('link').click();
      await page.getByRole('region', { name: 'Devices' }).getByText('None: a push reaches').waitFor();
      for (const user of ['a', 'b']) {
        await go(`page=people&user=${user}`);
        await page.getByRole('region', { name: 'Inbox' }).getByText('1 not read').waitFor();
        await expectFine(page);
      }
      expect(await page.evaluate('document.title')).toBe('Martlet console');
      expect(await page.locator('img[src=x]').count()).toBe(0);
      expect(wrong).toEqual([]);
    },
  );

  test('an API that is slow, refuses or is away is said in words, and asked again', async () => {
    const { page, ask, go } = await openHubConsole(browser);
    await ask('PUT /v1/users/ada', { name: 'Ada' });
    const failing = (status: number, body: object) =>
      page.route('**/v1/users?**', (route) =>
        route.fulfill({ status, contentType: 'application/json', body: JSON.stringify(body) }),
      );
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('**/v1/users?**', async (route) => {
      await held;
      await route.continue();
    });
    await go('page=people');
    await page.locator('#page-people').getByText('Looking…').waitFor();
    release();
    await row(page, 'Ada').waitFor();
    await page.unroute('**/v1/users?**');
    await failing(503, { code: 'unavailable', message: 'the store is away' });
    await page.reload();
    await page
      .getByText('The store is away. Wait a moment, then try once more; /readyz says what is not well.')
      .waitFor();
    await page.unroute('**/v1/users?**');
    await page.getByRole('button', { name: 'Try again' }).click();
    await row(page, 'Ada').waitFor();
    await page.route('**/v1/users?**', (route) => route.abort());
    await page.locator('#people-team').fill('x');
    await page.getByText('The relay cannot be reached. See whether it runs, then try once more.').waitFor();
    await go('page=people&user=nobody-here');
    await page.getByText('There is no such user. It may have been deleted, or be of another app.').waitFor();
  });

  test('a key of one app sees the people of that app alone and no figures; one of two apps chooses; one that only reads has no people', async () => {
    const keys = {
      boss: { sha256: sha256('boss'), scopes: ['admin'] },
      shop: { sha256: sha256('shop'), scopes: ['read', 'users'], apps: ['shop'] },
      both: { sha256: sha256('both'), scopes: ['read', 'users'], apps: ['shop', 'news'] },
      reader: { sha256: sha256('reader'), scopes: ['read'] },
    };
    const apps = { shop: { android: {} }, news: { android: {} } };
    const { page, ask, wrong, go } = await openHubConsole(browser, { key: 'shop', sections: { auth: { keys }, apps } });
    await ask('PUT /v1/users/sue?app=shop', { name: 'Sue of the shop' }, 'boss');
    await ask('PUT /v1/users/ned?app=news', { name: 'Ned of the news' }, 'boss');
    await ask('PUT /v1/users/dee', { name: 'Dee' }, 'boss');
    // What the key may see is known once the server has said it.
    await page.getByRole('heading', { name: 'Lanes' }).waitFor({ state: 'hidden' });
    await go('page=people');
    await row(page, 'Sue of the shop').waitFor();
    expect(await page.getByRole('list', { name: 'People' }).getByRole('listitem').count()).toBe(1);
    expect(await page.locator('#hub-app').isVisible()).toBe(false);
    await go('page=people&app=news');
    await page.getByText('The key may not use this app. Sign in with a key').waitFor();

    const signIn = async (key: string) => {
      await page.getByRole('button', { name: 'Sign out' }).click();
      expect(await page.locator('.hub-page:visible').count()).toBe(0);
      await page.getByLabel('API key').fill(key);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('Live', { exact: true }).waitFor();
    };
    await signIn('both');
    await go('page=people');
    await row(page, 'Ned of the news').waitFor();
    await page.locator('#hub-app-name').selectOption('shop');
    await row(page, 'Sue of the shop').waitFor();
    await page.getByRole('link', { name: 'Sue of the shop' }).click();
    await page.getByRole('region', { name: 'Devices' }).waitFor();
    expect(await page.evaluate('location.hash')).toContain('app=shop');
    await signIn('reader');
    await page.getByRole('heading', { name: 'Lanes' }).waitFor();
    expect(await page.getByRole('link', { name: 'People', exact: true }).count()).toBe(0);
    expect(wrong.filter((text) => !/status of 40[13]/.test(text))).toEqual([]);
  });

  test('with the hub off there are no pages of it, and none of its files is loaded', async () => {
    const { page, wrong } = await openHubConsole(browser, { sections: { hub: { enabled: false } } });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.reload();
    await page.getByRole('link', { name: 'Pushes' }).waitFor();
    expect(await page.getByRole('link', { name: 'People', exact: true }).count()).toBe(0);
    expect(asked.filter((url) => url.includes('/hub/'))).toEqual([]);
    expect(wrong).toEqual([]);
  });
});
