import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../../../auth/guarded-relay.ts';
import { needs } from '../../../../support/needs.ts';
import { openBrowser } from '../../browser.ts';
import { apnsToken, expectFine, HOSTILE, openHubConsole } from './hub-console.ts';

/** What has the focus, and how its outline is drawn. */
const FOCUSED = `(() => {
  const active = document.activeElement;
  return [active.id || active.textContent.trim(), getComputedStyle(active).outlineStyle];
})()`;

describe('the hub as a whole in the console', needs('chromium'), () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test('the first page has what is open and what was sent last, and grows with it', async () => {
    const { page, ask, wrong } = await openHubConsole(browser);
    const open = page.getByRole('region', { name: 'Open incidents' });
    await open.getByText('No incident is open.').waitFor();
    await ask('PUT /v1/incidents/i', { title: HOSTILE, severity: 'SEV-1' });
    await ask('PUT /v1/devices/phone', { user: 'ada', platform: 'ios', token: apnsToken(1) });
    await ask('POST /v1/notifications', { id: 'n', title: 'x', to: { users: ['ada'] } });
    await open.getByText('SEV-1').waitFor();
    await page
      .getByRole('region', { name: 'Notifications to people' })
      .getByRole('link', { name: 'n', exact: true })
      .waitFor();
    await expectFine(page);
    await open.getByRole('link').first().click();
    await page.getByRole('list', { name: 'Timeline' }).getByText('Opened.').waitFor();
    await page.getByRole('link', { name: 'Now' }).click();
    await page.getByRole('heading', { name: 'Lanes' }).waitFor();
    expect(wrong).toEqual([]);
  });

  test('a key of some apps gets the first page of those, without figures of others', async () => {
    const keys = {
      boss: { sha256: sha256('boss'), scopes: ['admin'] },
      some: { sha256: sha256('some'), scopes: ['read'], apps: ['shop', 'news'] },
    };
    const apps = { shop: { android: {} }, news: { android: {} } };
    const { page, ask, wrong } = await openHubConsole(browser, { key: 'some', sections: { auth: { keys }, apps } });
    await ask('PUT /v1/incidents/a?app=shop', { title: 'In the shop' }, 'boss');
    await ask('PUT /v1/incidents/b?app=news', { title: 'In the news' }, 'boss');
    await ask('PUT /v1/incidents/c', { title: 'Elsewhere' }, 'boss');
    const open = page.getByRole('region', { name: 'Open incidents' });
    await open.getByText('In the news').waitFor();
    await page.locator('#hub-app-name').selectOption('shop');
    await open.getByText('In the shop').waitFor();
    expect(await open.getByRole('listitem').count()).toBe(1);
    expect(await page.getByRole('heading', { name: 'Lanes' }).isVisible()).toBe(false);
    await expectFine(page);
    expect(wrong.filter((text) => !/status of 401/.test(text))).toEqual([]);
  });

  test('where its files cannot be loaded the other pages are there, and it is said', async () => {
    const { page } = await openHubConsole(browser);
    await page.route('**/console/hub/hub.js', (route) => route.abort());
    await page.reload();
    await page.getByText('The pages of the hub could not be loaded: reload this page.').waitFor();
    await page.getByRole('link', { name: 'Pushes' }).click();
    await page.getByRole('heading', { name: 'Recent pushes' }).waitFor();
  });

  test('tasks and schedules are there to look at', async () => {
    const { page, ask, wrong } = await openHubConsole(browser);
    await ask('PUT /v1/users/ada', {});
    await ask('PUT /v1/tasks/t1', { title: HOSTILE, users: ['ada'], due_on: '2999-01-01' });
    await ask('PUT /v1/tasks/t2', { title: 'Done', state: 'completed', users: ['ada'] });
    await ask('PUT /v1/schedules/s1', {
      cron: '0 9 * * *',
      timezone: 'Europe/Athens',
      notification: { title: HOSTILE, message: 'x', to: { users: ['ada'] } },
    });
    await page.getByRole('link', { name: 'Tasks' }).click();
    const tasks = page.getByRole('list', { name: 'Tasks' }).getByRole('listitem');
    await expect.poll(() => tasks.count()).toBe(2);
    expect(await tasks.first().textContent()).toContain('due 2999-01-01');
    await page.getByLabel('State').selectOption('completed');
    await expect.poll(() => tasks.allTextContents()).toEqual([expect.stringContaining('Done')]);
    await page.getByRole('link', { name: 'Schedules' }).click();
    await page.getByText(/0 9 \* \* \*, Europe\/Athens; next/).waitFor();
    await expectFine(page);
    expect(wrong).toEqual([]);
  });

  test('the header has one line on a screen of 1280, with all pages, a warning and a key', async () => {
    const { page, wrong } = await openHubConsole(browser, { viewport: { width: 1280, height: 800 } });
    await page.evaluate(`for (const id of ['ready', 'sandbox', 'sign-out']) document.getElementById(id).hidden = false;
      document.getElementById('ready').textContent = 'degraded'`);
    expect(await page.evaluate("document.querySelector('header').offsetHeight")).toBeLessThan(60);
    expect(wrong).toEqual([]);
  });

  test('by keyboard alone a person is found, and every stop of the focus is seen', async () => {
    const { page, ask, go, wrong } = await openHubConsole(browser, { viewport: { width: 375, height: 800 } });
    await ask('PUT /v1/users/ada', { name: 'Ada' });
    await go('page=people');
    await page.getByRole('link', { name: 'Ada' }).waitFor();
    await page.evaluate('document.activeElement.blur()');
    const reached: string[] = [];
    for (let i = 0; i < 30 && !reached.includes('Ada'); i++) {
      await page.keyboard.press('Tab');
      const [name = '', outline] = await page.evaluate<string[]>(FOCUSED);
      reached.push(name);
      expect(outline, name).not.toBe('none');
    }
    expect(reached.slice(-4)).toEqual(['people-q', 'people-team', 'people-role', 'Ada']);
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Devices' }).waitFor();
    expect(await page.evaluate(FOCUSED)).toEqual(['person-title', expect.anything()]);
    await page.getByRole('region', { name: 'Settings' }).getByRole('button', { name: 'Snooze', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('The snooze is set.').waitFor();
    expect(wrong).toEqual([]);
  });
});
