import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../../../auth/guarded-relay.ts';
import { startRelay } from '../../../../e2e/running-relay.ts';
import { needs } from '../../../../support/needs.ts';
import { faults, openBrowser, openPage } from '../../browser.ts';
import { apnsToken, expectFine, HOSTILE, openHubConsole } from './hub-console.ts';

describe('notifications in the console', needs('chromium'), () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test('one is composed, previewed, sent once, and watched until it is delivered', async () => {
    const { page, ask, wrong } = await openHubConsole(browser);
    await ask('PUT /v1/users/bob', { name: 'Bob' });
    await ask('PUT /v1/devices/other', { user: 'bob', platform: 'ios', token: apnsToken(2) });
    await ask('PUT /v1/users/bob/settings', { enabled: false });
    await ask('PUT /v1/devices/phone', { user: 'ada', platform: 'ios', token: apnsToken(1) });
    await page.getByRole('link', { name: 'Notifications' }).click();
    await page.locator('#page-notifications').getByText('Nothing was sent that is still kept.').waitFor();
    await page.getByRole('link', { name: 'Compose' }).click();
    expect(await page.getByRole('button', { name: 'Send', exact: true }).isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText(/To: names no one.*Mend what is named/).waitFor();
    await page.getByLabel('People (ids)').fill('ada\nbob\nzoe');
    await page.locator('#compose-title').fill('Hello');
    await page.getByText('push', { exact: true }).click();
    await page.getByRole('button', { name: 'Preview' }).click();
    const preview = page.getByRole('region', { name: 'What would be decided now' });
    await preview.getByText('for 3 people: 1 at once, 1 not wanted, 1 unknown').waitFor();
    await preview.getByText('The person has switched all notifications off.').waitFor();
    await preview.getByText('No one has the id zoe').waitFor();
    expect(await ask('GET /v1/notifications')).toEqual({ notifications: [] });
    await expectFine(page);
    await page.getByLabel('People (ids)').fill('ada\nbob');
    await preview.getByText('The form has changed: preview it again.').waitFor();
    expect(await preview.getByRole('button', { name: 'Send' }).isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Preview' }).click();
    await preview.getByText('for 2 people').waitFor();
    // It was sent, and the answer was lost: sent once more it is the same.
    let isFirst = true;
    await page.route(/\/v1\/notifications\?/, async (route) => {
      if (route.request().method() !== 'POST' || !isFirst) return route.continue();
      isFirst = false;
      await route.fetch();
      return route.abort();
    });
    await preview.getByRole('button', { name: 'Send' }).click();
    await preview.getByText('The relay cannot be reached.').waitFor();
    await preview.getByRole('button', { name: 'Send' }).click();
    const people = page.getByRole('region', { name: 'What was decided about whom' });
    await people.getByText('The provider has accepted it by push; that it arrived is not known.').waitFor();
    await people.getByText('The person has switched all notifications off.').waitFor();
    const { notifications } = await ask('GET /v1/notifications');
    expect(notifications).toHaveLength(1);
    await page.getByRole('list', { name: 'Decisions by state' }).getByText('1 sent').waitFor();
    await expectFine(page);
    await people.getByRole('link', { name: 'ada' }).click();
    await page.getByRole('region', { name: 'Devices' }).waitFor();
    expect(wrong.filter((text) => !/status of 422|ERR_FAILED/.test(text))).toEqual([]);
  });

  test('are listed with filters, and one that is scheduled is watched and cancelled', async () => {
    const { page, ask, wrong } = await openHubConsole(browser, { colorScheme: 'dark' });
    await ask('PUT /v1/devices/phone', { user: 'ada', platform: 'ios', token: apnsToken(1) });
    await ask('PUT /v1/users/bob', {});
    for (let i = 0; i < 60; i++)
      await ask('POST /v1/notifications', {
        id: `n${i}`,
        type: i % 2 ? 'odd' : 'even',
        title: HOSTILE,
        to: { users: [i === 7 ? 'bob' : 'ada'] },
        channels: ['realtime'],
      });
    await ask('POST /v1/notifications', {
      id: 'later',
      type: 'odd',
      title: 'Later',
      to: { users: ['ada'] },
      send_at: '2999-01-01T00:00:00Z',
    });
    await page.getByRole('link', { name: 'Notifications' }).click();
    const list = page.getByRole('list', { name: 'Notifications' }).getByRole('listitem');
    await expect.poll(() => list.count()).toBe(50);
    expect(await list.first().textContent()).toContain('later');
    await page.getByRole('button', { name: 'More' }).click();
    await expect.poll(() => list.count()).toBe(61);
    await ask('POST /v1/notifications', { id: 'new', title: 'x', to: { users: ['ada'] }, channels: ['realtime'] });
    await expect.poll(() => list.count()).toBe(62);
    expect(await list.first().textContent()).toContain('new');
    await page.getByLabel('For the person (id)').fill('bob');
    await expect.poll(() => list.locator('a').allTextContents()).toEqual(['n7']);
    await page.getByLabel('For the person (id)').fill('');
    await page.locator('#notifications-type').fill('even');
    await expect.poll(() => list.count()).toBe(30);
    await expectFine(page);
    await page.locator('#notifications-type').fill('');
    await page.locator('#notifications-status').selectOption('scheduled');
    await expect.poll(() => list.locator('a').allTextContents()).toEqual(['later']);
    await page.getByRole('link', { name: 'later' }).click();
    await page
      .getByText(/The sender has set a time for it/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Cancel what has not left' }).click();
    expect(await faults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await ask('GET /v1/notifications/later')).toMatchObject({ status: 'scheduled' });
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Cancel what has not left');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Cancel it' }).click();
    await page.getByText(/cancelled; 0 had left before\./).waitFor();
    await page.getByText('The sender took it back before it left.').first().waitFor();
    expect(await ask('GET /v1/notifications/later')).toMatchObject({ status: 'cancelled' });
    expect(wrong).toEqual([]);
  });

  test('what is decided later is seen without asking again', async () => {
    const { page, ask, go, wrong } = await openHubConsole(browser);
    await ask('PUT /v1/devices/phone', { user: 'ada', platform: 'ios', token: apnsToken(1) });
    await ask('POST /v1/notifications', { id: 'n', title: 'x', to: { users: ['ada'] }, channels: ['realtime'] });
    await go('page=notifications&notification=n');
    await page.getByText("It is in the person's stream and inbox").waitFor();
    await ask('POST /v1/users/ada/notifications/n/read');
    await page.getByText('The person has read it.').waitFor();
    expect(wrong).toEqual([]);
  });

  test('a key that only reads neither composes nor cancels, and has no links to people', async () => {
    const keys = {
      boss: { sha256: sha256('boss'), scopes: ['admin'] },
      reader: { sha256: sha256('reader'), scopes: ['read'] },
    };
    const { page, ask, go, wrong } = await openHubConsole(browser, { key: 'reader', sections: { auth: { keys } } });
    await ask('PUT /v1/users/ada', {}, 'boss');
    await ask(
      'POST /v1/notifications',
      { id: 'n', title: 'x', to: { users: ['ada'] }, send_at: '2999-01-01T00:00:00Z' },
      'boss',
    );
    await go('page=notifications&compose=1');
    await page.getByRole('link', { name: 'n', exact: true }).click();
    const people = page.getByRole('list', { name: 'People' });
    await people.getByText('ada').waitFor();
    expect(await people.getByRole('link', { name: 'ada' }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Compose' }).count()).toBe(0);
    for (const name of ['Preview', 'Cancel what has not left'])
      expect(await page.getByRole('button', { name }).count(), name).toBe(0);
    expect(wrong.filter((text) => !/status of 401/.test(text))).toEqual([]);
  });

  test('where people are reached for real, sending asks first', async () => {
    await using relay = await startRelay({ hub: { enabled: true, path: '' } });
    await using view = await openPage(browser, relay.url);
    const { page, wrong } = view;
    await fetch(`${relay.url}/v1/users/ada`, { method: 'PUT', body: '{}' });
    await page.goto(`${relay.url}/console#page=notifications&compose=1&user=ada`);
    await page.locator('#compose-message').fill('hello');
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('This relay sends for real: it goes to people of the app default, for 1 person').waitFor();
    expect(await faults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await (await fetch(`${relay.url}/v1/notifications`)).json()).toEqual({ notifications: [] });
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await dialog.getByRole('button', { name: 'Send it' }).click();
    await page.getByRole('region', { name: 'What was decided about whom' }).getByText('ada').waitFor();
    expect(wrong).toEqual([]);
  });
});
