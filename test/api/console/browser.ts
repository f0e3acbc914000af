import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { programPath } from '../../support/requirements.ts';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: programPath('chromium') as string, args: FLAGS });

/** A page, and all that is wrong with it: exceptions, errors in its console, requests to elsewhere. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  readonly wrong: string[];
}

/** @param origin where all requests should go */
export async function openPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 1000 }, ...options });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('pageerror', (error) => wrong.push(`exception: ${error.message}`));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) wrong.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) wrong.push(`elsewhere: ${request.url()}`);
  });
  return { page, wrong, [Symbol.asyncDispose]: () => context.close() };
}

/** What axe finds wrong. */
export async function faults(page: Page): Promise<string[]> {
  const { default: axe } = await import('axe-core');
  // The page's own policy forbids scripts from elsewhere: this one comes past it, as an extension's would.
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: axe.source });
  const { result } = await session.send('Runtime.evaluate', {
    expression:
      'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)].join(" ")))',
    awaitPromise: true,
    returnByValue: true,
  });
  return result.value as string[];
}
