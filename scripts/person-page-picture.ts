/** Writes docs/images/person-page.png: the page of examples/person-page, with someone signed in who has got something. Needs chromium. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openBrowser } from '../test/api/console/browser.ts';
import { freePort } from '../test/support/free-port.ts';

const pathOf = (relative: string): string => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const TITLES = ['Your parcel has left', 'Meeting moved to 15:00', 'Your parcel has arrived'];

const folder = mkdtempSync(join(tmpdir(), 'martlet-picture-'));
const ports = [String(await freePort()), String(await freePort())];
const example = spawn(process.execPath, [pathOf('examples/person-page/server.js'), ...ports, folder], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [url] = (await once(createInterface(example.stdout), 'line')) as [string];
const browser = await openBrowser();
const page = await browser.newPage({ viewport: { width: 760, height: 720 } });
await page.goto(url);
await page.getByLabel('Your name').fill('Ada');
await page.getByRole('button', { name: 'Sign in' }).click();
await page.getByText('Ada: live').waitFor();
for (const title of TITLES) {
  await page.getByLabel('Send yourself something').fill(title);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.locator('#inbox li', { hasText: title }).waitFor();
}
await page
  .locator('#inbox li', { hasText: TITLES[0] as string })
  .getByRole('button', { name: 'Read' })
  .click();
await page.locator('#unread', { hasText: '2' }).waitFor();
await page.screenshot({ path: pathOf('docs/images/person-page.png') });
await browser.close();
example.kill();
await once(example, 'exit');
rmSync(folder, { recursive: true, force: true });
console.log('wrote docs/images/person-page.png');
