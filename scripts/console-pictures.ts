/**
 * Writes docs/images/console-*.png: the console of a relay with its sandbox that has something to do. Needs chromium; pngquant makes
 * the files small. `FULL=folder` also writes pictures of the whole page into that folder.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openBrowser, openPage } from '../test/api/console/browser.ts';
import { startSandboxedRelay } from '../test/api/openapi/sandboxed-relay.ts';

const FOLDER = fileURLToPath(new URL('../docs/images/', import.meta.url));
const head = (fate: string): string => fate.padEnd(64, 'a1b2c3d4');
const SECONDS = 45;
/** Requests a second. */
const PACE = 4;

const ios = (app: string | undefined, tokens: readonly string[]) => ({
  ...(app ? { app } : {}),
  platform: 1,
  tokens,
  topic: 'com.example.app',
  title: 'Hello',
  message: 'world',
});
const android = (app: string | undefined, tokens: readonly string[]) => ({
  ...(app ? { app } : {}),
  platform: 2,
  tokens,
  title: 'Hello',
  message: 'world',
});
const huawei = (tokens: readonly string[]) => ({ platform: 3, tokens, title: 'Hello', message: 'world' });

const tokens = (count: number): string[] => Array.from({ length: count }, (_, i) => i.toString(16).padStart(64, '0'));

/** A part of a day like any other, with its waves; one app has a credential that is refused. @param at in parts of a second */
function some(at: number): object[] {
  const many = 12 + Math.round(6 * Math.sin(at / 18)) + (at % 61 < 4 ? 15 : 0);
  return [
    ios(undefined, tokens(many * 2)),
    android('shop', tokens(many)),
    ios('shop', tokens(5)),
    huawei(tokens(3)),
    ...(at % 18 === 0 ? [ios(undefined, [head('dead0410'), head('dead0400')])] : []),
    ...(at % 25 === 0 ? [android('shop', ['sandbox-unregistered'])] : []),
    ...(at % 40 === 0 ? [android('shop', ['sandbox-busy-once-1', 'sandbox-down-twice-1'])] : []),
    ...(at % 30 === 0 ? [android('magazine-international-edition', ['sandbox-bad-credential'])] : []),
  ];
}

await using relay = await startSandboxedRelay({
  core: { sync: false, feedback_hook_url: 'http://127.0.0.1:9/hook' },
  ios: { max_retry: 3 },
  android: { max_retry: 3 },
  huawei: { max_retry: 3 },
  apps: { shop: { ios: {}, android: {} }, 'magazine-international-edition': { android: {} } },
});
const push = (notifications: object[]): Promise<Response> =>
  fetch(`${relay.url}/api/push`, { method: 'POST', body: JSON.stringify({ notifications }) });

async function pushFor(begin: number, seconds: number): Promise<void> {
  for (let at = begin * PACE; at < (begin + seconds) * PACE; at++) {
    await push(some(at));
    await sleep(1000 / PACE);
  }
}

mkdirSync(FOLDER, { recursive: true });
const browser = await openBrowser();
const looks = [
  { name: 'light', colorScheme: 'light' },
  { name: 'dark', colorScheme: 'dark' },
] as const;
const views = await Promise.all(
  looks.map(async ({ name, colorScheme }) => {
    const options = { colorScheme, viewport: { width: 1400, height: 1180 }, deviceScaleFactor: 1.5 };
    return { name, view: await openPage(browser, relay.url, options) };
  }),
);
for (const { view } of views) await view.page.goto(`${relay.url}/console`);
await pushFor(0, SECONDS);
for (const { view } of views) {
  const { page } = view;
  await page.getByLabel('What the sandbox does').selectOption('down-twice');
  await page.getByRole('button', { name: 'Send' }).click();
}
await pushFor(SECONDS, 8);
const busy = pushFor(SECONDS + 8, 12);
for (const { name, view } of views) {
  await sleep(2500);
  const path = `${FOLDER}console-${name}.png`;
  await view.page.screenshot({ path });
  if (process.env.FULL)
    await view.page.screenshot({ path: join(process.env.FULL, `console-${name}.png`), fullPage: true });
  execFileSync('pngquant', ['--force', '--strip', '--speed', '1', '--output', path, '256', path]);
  console.log(`wrote docs/images/console-${name}.png`, ...view.wrong);
}
await busy;
await browser.close();
