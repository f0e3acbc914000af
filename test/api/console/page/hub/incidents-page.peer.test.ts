import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../../../auth/guarded-relay.ts';
import { needs } from '../../../../support/needs.ts';
import { openBrowser } from '../../browser.ts';
import { expectFine, HOSTILE, openHubConsole, RIGHT_TO_LEFT } from './hub-console.ts';

const ESCALATION = {
  steps: [
    { after: '30m', to: { users: ['ada'] } },
    { after: '1h', to: { teams: ['ops'], users: ['bob'] }, channels: ['push', 'sms'] },
  ],
  repeat: 1,
};

describe('incidents in the console', needs('chromium'), () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test.each(['light', 'dark'] as const)(
    'in %s one is seen with who is called when, escalated, given to others, taken in hand and resolved',
    async (colorScheme) => {
      const { page, ask, go, wrong } = await openHubConsole(browser, { colorScheme });
      for (const user of ['ada', 'bob']) await ask(`PUT /v1/users/${user}`, { teams: ['ops'] });
      await ask('PUT /v1/escalations/night', ESCALATION);
      await ask('PUT /v1/incidents/db', {
        title: `${HOSTILE} ${RIGHT_TO_LEFT}`,
        summary: HOSTILE,
        severity: 'SEV-2',
        service: HOSTILE,
        assignees: ['ada'],
        escalation: 'night',
        sla: { acknowledge_by: '30m', resolve_by: '4h' },
        data: { host: HOSTILE },
      });
      await page.getByRole('link', { name: 'Incidents' }).click();
      await page.getByRole('list', { name: 'Incidents' }).getByRole('link').click();
      const steps = page.getByRole('list', { name: 'Escalation steps' }).getByRole('listitem');
      await expect.poll(() => steps.count()).toBe(4);
      expect(await steps.nth(0).textContent()).toMatch(/^next.*ada.*30 min after the opening, round 1/);
      expect(await steps.nth(1).textContent()).toMatch(
        /^then.*bob, team ops by push, text message.*60 min after the one before, round 1/,
      );
      const timeline = page.getByRole('list', { name: 'Timeline' });
      await timeline.getByText('Opened.').waitFor();
      await timeline.getByText('realtime: sent').or(timeline.getByText('live: sent')).first().waitFor();
      await expectFine(page);

      await page.getByRole('button', { name: 'Call the next people now' }).click();
      await page.getByRole('button', { name: 'Call them' }).click();
      await page.getByText('They are called.').waitFor();
      await expect.poll(() => steps.nth(0).textContent()).toMatch(/^called/);
      expect(await steps.nth(1).textContent()).toMatch(/^next/);
      await page.getByText('Assign', { exact: true }).first().click();
      await page.getByLabel('Assigned to (ids)').fill('ada\nbob');
      await page.getByRole('button', { name: 'Assign' }).click();
      await page.getByText('Assigned.', { exact: true }).first().waitFor();
      expect(await ask('GET /v1/incidents/db')).toMatchObject({
        assignees: ['ada', 'bob'],
        severity: 'SEV-2',
        status: 'open',
        data: { host: HOSTILE },
        sla: {},
      });
      await page.getByRole('button', { name: 'Acknowledge' }).click();
      await page.getByText('Acknowledged: no one else is called.').waitFor();
      await page.getByText('It has stopped: the incident is in hand').waitFor();
      expect(await ask('GET /v1/incidents/db')).toMatchObject({ status: 'acknowledged' });
      await page.getByRole('button', { name: 'Resolve' }).click();
      await page.getByRole('button', { name: 'Resolve it' }).click();
      await timeline.getByText('Resolved.').first().waitFor();
      await expectFine(page);
      expect(await page.getByRole('button', { name: 'Acknowledge' }).isVisible()).toBe(false);
      await timeline.getByRole('link', { name: 'the notification' }).first().click();
      await page.getByRole('region', { name: 'What was decided about whom' }).getByText('ada').first().waitFor();
      await go('page=incidents&incident=gone');
      await page.getByText('There is no such incident. It may have been deleted').first().waitFor();
      expect(wrong.filter((text) => !/status of 404/.test(text))).toEqual([]);
    },
  );

  test('one that was changed meanwhile is not overwritten; what comes from elsewhere is seen; many are listed with filters', async () => {
    const { page, ask, go, wrong } = await openHubConsole(browser);
    await ask('PUT /v1/users/ada', {});
    for (let i = 0; i < 55; i++)
      await ask(`PUT /v1/incidents/i${i}`, { title: `Trouble ${i}`, severity: i % 5 === 0 ? 'SEV-1' : 'SEV-4' });
    await go('page=incidents');
    const list = page.getByRole('list', { name: 'Incidents' }).getByRole('listitem');
    await expect.poll(() => list.count()).toBe(50);
    await page.getByRole('button', { name: 'More' }).click();
    await expect.poll(() => list.count()).toBe(55);
    await page.locator('#incidents-severity').fill('SEV-1');
    await expect.poll(() => list.count()).toBe(11);
    await expectFine(page);
    await go('page=incidents&incident=i3');
    await page.getByText('None: no one is called but those whose incident it is.').waitFor();
    await page.getByText('Assign', { exact: true }).first().click();
    await page.getByLabel('Assigned to (ids)').fill('ada');
    await page.route('**/v1/incidents/i3?**', async (route) => {
      if (route.request().method() === 'PUT')
        await ask('PUT /v1/incidents/i3', { title: 'Changed', severity: 'SEV-3' });
      await route.continue();
    });
    await page.getByRole('button', { name: 'Assign' }).click();
    await page.getByText('It was changed meanwhile: look again, then try once more.').waitFor();
    await page.unroute('**/v1/incidents/i3?**');
    await page.getByRole('heading', { name: 'Changed' }).waitFor();
    expect(await ask('GET /v1/incidents/i3')).toMatchObject({ title: 'Changed', assignees: [] });
    await page.getByRole('button', { name: 'Assign' }).click();
    await page.getByText('Assigned.', { exact: true }).first().waitFor();
    await ask('POST /v1/incidents/i3/resolve', {});
    await page.getByRole('list', { name: 'Timeline' }).getByText('Resolved.').first().waitFor();
    expect(wrong.filter((text) => !/status of 412/.test(text))).toEqual([]);
  });

  test('a timeline of several pages grows at its end', async () => {
    const { page, ask, go, wrong } = await openHubConsole(browser);
    for (let i = 0; i < 60; i++) await ask('PUT /v1/incidents/i', { title: `Trouble ${i}` });
    await go('page=incidents&incident=i');
    const lines = page.getByRole('list', { name: 'Timeline' }).getByRole('listitem');
    await expect.poll(() => lines.count()).toBe(100);
    await page.getByRole('button', { name: 'Later ones' }).click();
    await expect.poll(() => lines.count()).toBeGreaterThan(110);
    await ask('POST /v1/incidents/i/resolve', {});
    await expect.poll(() => lines.filter({ hasText: 'Resolved.' }).count()).toBe(1);
    expect(await lines.first().textContent()).toContain('Opened.');
    expect(wrong).toEqual([]);
  });

  test('with another escalation its own steps are those that are to come', async () => {
    const { page, ask, go, wrong } = await openHubConsole(browser);
    await ask('PUT /v1/users/ada', {});
    await ask('PUT /v1/escalations/day', { steps: [{ after: '1h', to: { users: ['ada'] } }] });
    await ask('PUT /v1/escalations/night', ESCALATION);
    await ask('PUT /v1/incidents/i', { title: 'Trouble', escalation: 'day' });
    await ask('POST /v1/incidents/i/escalate', {});
    await ask('PUT /v1/incidents/i', { title: 'Trouble', escalation: 'night' });
    expect(await ask('GET /v1/incidents/i')).toMatchObject({
      escalated: { escalation: 'night', steps: 1, of_others: 1 },
    });
    await go('page=incidents&incident=i');
    const steps = page.getByRole('list', { name: 'Escalation steps' }).getByRole('listitem');
    await expect.poll(() => steps.count()).toBe(4);
    expect(await steps.first().textContent()).toMatch(/^next/);
    expect(wrong).toEqual([]);
  });

  test('a key that only reads sees all of it and can do nothing', async () => {
    const keys = {
      boss: { sha256: sha256('boss'), scopes: ['admin'] },
      reader: { sha256: sha256('reader'), scopes: ['read'] },
    };
    const { page, ask, go, wrong } = await openHubConsole(browser, { key: 'reader', sections: { auth: { keys } } });
    await ask('PUT /v1/incidents/i', { title: 'Trouble' }, 'boss');
    await go('page=incidents&incident=i');
    await page.getByRole('list', { name: 'Timeline' }).getByText('Opened.').waitFor();
    for (const name of ['Acknowledge', 'Resolve', 'Call the next people now'])
      expect(await page.getByRole('button', { name }).count(), name).toBe(0);
    expect(wrong.filter((text) => !/status of 401/.test(text))).toEqual([]);
  });
});
