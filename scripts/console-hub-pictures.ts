/**
 * Writes docs/images/console-person.png, console-incident.png and console-compose.png: pages of the hub in the console of a relay with its sandbox. Needs
 * chromium; pngquant makes the files small.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { openBrowser, openPage } from '../test/api/console/browser.ts';
import { startSandboxedRelay } from '../test/api/openapi/sandboxed-relay.ts';

const FOLDER = fileURLToPath(new URL('../docs/images/', import.meta.url));
const token = (n: number): string => n.toString(16).padStart(64, '0');

await using relay = await startSandboxedRelay({ ios: { topic: 'com.example.app' } });

async function ask(line: string, body: object): Promise<void> {
  const [method, path] = line.split(' ') as [string, string];
  const response = await fetch(relay.url + path, { method, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${line}: ${await response.text()}`);
}

async function fill(): Promise<void> {
  const ada = { name: 'Ada Lovelace', email: 'ada@example.com', timezone: 'Europe/London', locale: 'en-GB' };
  await ask('PUT /v1/users/ada', { ...ada, teams: ['on-call'], roles: ['lead'], consent: { email: true } });
  await ask('PUT /v1/users/grace', { name: 'Grace Hopper', teams: ['on-call'], timezone: 'America/New_York' });
  await ask('PUT /v1/users/grace/settings', { quiet_hours: { windows: [{ from: '00:00', until: '24:00' }] } });
  await ask('PUT /v1/devices/ada-phone', {
    user: 'ada',
    platform: 'ios',
    token: token(1),
    name: "Ada's phone",
    model: 'iPhone 17',
  });
  await ask('PUT /v1/devices/ada-tablet', {
    user: 'ada',
    platform: 'android',
    token: 'sandbox-unregistered',
    name: 'Old tablet',
  });
  await ask('PUT /v1/devices/grace-phone', {
    user: 'grace',
    platform: 'android',
    token: 'fine',
    name: "Grace's phone",
  });
  await ask('PUT /v1/users/ada/settings', {
    types: { 'news.*': false },
    quiet_hours: { start: '22:00', end: '07:00' },
  });
  const steps = [
    { after: '5m', to: { users: ['ada'] } },
    { after: '10m', to: { teams: ['on-call'] }, channels: ['push', 'sms'] },
  ];
  await ask('PUT /v1/escalations/night', { steps, repeat: 1 });
  await ask('PUT /v1/incidents/checkout', {
    ...{
      title: 'Checkout answers slowly',
      severity: 'SEV-1',
      service: 'shop',
      assignees: ['grace'],
      escalation: 'night',
    },
    ...{ summary: 'The 99th percentile is above four seconds.', sla: { acknowledge_by: '15m', resolve_by: '4h' } },
  });
  await ask('POST /v1/notifications', {
    type: 'news.weekly',
    title: 'This week',
    message: 'x',
    to: { users: ['ada'] },
  });
  const order = {
    type: 'order',
    title: 'Your order has left',
    message: 'It arrives on Friday.',
    to: { users: ['ada'] },
  };
  await ask('POST /v1/notifications', { ...order, priority: 'critical', channels: ['realtime', 'push'] });
}

async function shoot(page: Page, name: string): Promise<void> {
  const path = `${FOLDER}${name}.png`;
  await page.screenshot({ path });
  execFileSync('pngquant', ['--force', '--strip', '--speed', '1', '--output', path, '64', path]);
  console.log(`wrote docs/images/${name}.png`);
}

await fill();
const browser = await openBrowser();
{
  await using view = await openPage(browser, relay.url, { viewport: { width: 1280, height: 900 } });
  const { page } = view;
  await page.goto(`${relay.url}/console#page=people&user=ada`);
  await page.getByText('Its provider says that this token takes no pushes any more').waitFor();
  await page.getByText('Your order has left').first().waitFor();
  await shoot(page, 'console-person');
  await page.goto(`${relay.url}/console#page=notifications&compose=1`);
  await page.locator('#compose-users').fill('ada\ngrace');
  await page.locator('#compose-title').fill('Deployment at nine');
  await page.locator('#compose-message').fill('The shop is closed for ten minutes.');
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByRole('button', { name: 'Send', exact: true }).waitFor();
  await shoot(page, 'console-compose');
}
{
  await using view = await openPage(browser, relay.url, {
    viewport: { width: 390, height: 1200 },
    colorScheme: 'dark',
  });
  const { page } = view;
  await page.goto(`${relay.url}/console#page=incidents&incident=checkout`);
  await page.getByRole('list', { name: 'Timeline' }).getByText('Opened.').waitFor();
  await shoot(page, 'console-incident');
}
await browser.close();
