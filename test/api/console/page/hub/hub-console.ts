import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { type SandboxedRelay, startSandboxedRelay } from '../../../openapi/sandboxed-relay.ts';
import { faults, openPage } from '../../browser.ts';

export interface HubConsole {
  readonly relay: SandboxedRelay;
  readonly page: Page;
  /** Exceptions, errors and requests to elsewhere. */
  readonly wrong: string[];
  /** @param line method and path of the API @returns the body of a success */
  // biome-ignore lint/suspicious/noExplicitAny: what it holds is what the test is about
  ask(line: string, body?: unknown, key?: string): Promise<any>;
  /** Shows an address of the console. */
  go(hash: string): Promise<void>;
}

interface HubConsoleOptions extends BrowserContextOptions {
  /** Signs in with it. */
  readonly key?: string;
  /** Of the configuration. */
  readonly sections?: { readonly [section: string]: object };
}

/** The relay of `npm start` with its sandbox and its hub, and its console in a page. */
export async function openHubConsole(browser: Browser, options: HubConsoleOptions = {}): Promise<HubConsole> {
  const { key, sections = {}, ...look } = options;
  const relay = await startSandboxedRelay({ ios: { topic: 'com.example.app' }, ...sections }, keyed(key));
  onTestFinished(() => relay[Symbol.asyncDispose]());
  const { page, wrong } = await openPage(browser, relay.url, look);
  onTestFinished(() => page.context().close());
  await page.goto(`${relay.url}/console`);
  if (key !== undefined) {
    await page.getByLabel('API key').fill(key);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }
  await page.getByText('Live', { exact: true }).waitFor();
  return {
    relay,
    page,
    wrong,
    async ask(line, body, as = key) {
      const [method, path] = line.split(' ') as [string, string];
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const response = await fetch(relay.url + path, { method, headers: keyed(as), ...sent });
      const text = await response.text();
      expect(response.ok, `${line}: ${text}`).toBe(true);
      return text === '' ? undefined : JSON.parse(text);
    },
    go: async (hash) => void (await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)),
  };
}

const keyed = (key: string | undefined): Record<string, string> =>
  key === undefined ? {} : { Authorization: `Bearer ${key}` };

/** Nothing is wrong for anyone, and nothing sticks out, on a large screen and on a phone. */
export async function expectFine(page: Page): Promise<void> {
  for (const [width, height] of [
    [1440, 1000],
    [375, 800],
  ] as const) {
    await page.setViewportSize({ width, height });
    expect(await faults(page), `${width}`).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth'), `${width}`).toBe(width);
  }
  await page.setViewportSize({ width: 1440, height: 1000 });
}

export const apnsToken = (n: number): string => n.toString(16).padStart(64, '0');

/** Names and texts that would do harm where they become markup, or move what is beside them. */
export const HOSTILE = '<img src=x onerror="document.title=\'owned\'">\u202e&lt;b&gt;';
export const RIGHT_TO_LEFT = 'נועה כהן';
