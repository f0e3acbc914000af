import { readdirSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCRIPTS } from '../../../src/api/openapi/page-scripts.ts';
import { referencePage } from '../../../src/api/openapi/reference-page.ts';
import { needs } from '../../support/needs.ts';
import { openBrowser } from '../console/browser.ts';
import { type SandboxedRelay, startSandboxedRelay } from './sandboxed-relay.ts';

let relay: SandboxedRelay;
beforeAll(async () => {
  relay = await startSandboxedRelay();
});
afterAll(() => relay[Symbol.asyncDispose]());

test('the page has a section for each operation, and a shape for each link', async () => {
  const text = await (await fetch(`${relay.url}/docs`)).text();
  const ids = new Set(Array.from(text.matchAll(/ id="([^"]+)"/g), ([, id]) => id));
  const operations = Object.values(relay.document.paths).flatMap((item) => Object.values(item));
  for (const { operationId } of operations) expect(ids).toContain(operationId);
  for (const [, target] of text.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
});

test('nothing comes from elsewhere, nothing runs but the files beside it, and the browser is told so', async () => {
  const response = await fetch(`${relay.url}/docs`);
  const text = await response.text();
  expect(response.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'self'; connect-src 'self'; img-src 'self'; /,
  );
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(text.match(/<script[^>]*>/g)).toEqual(['<script type="module" src="docs/docs.js">']);
  expect(text.match(/<link[^>]*>/g)).toEqual(['<link rel="icon" href="docs/icon.svg" type="image/svg+xml">']);
  expect(text).not.toMatch(/<img|<[^>]* on\w+=|<[^>]* style=|@import|url\(/);
});

test('the scripts are served with the policy of the page, and nothing else of their folder', async () => {
  for (const name of SCRIPTS) {
    const response = await fetch(`${relay.url}/docs/${name}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    await response.text();
  }
  const folder = new URL('../../../src/api/openapi/page/', import.meta.url);
  expect(readdirSync(folder).sort()).toEqual([...SCRIPTS].sort());
  for (const path of ['/docs/', '/docs/x.js', '/docs/../docs.js', '/docs/..%2fdocument.ts'])
    expect((await fetch(relay.url + path, { redirect: 'manual' })).status).not.toBe(200);
});

test('commands name the place where the page was asked for, and nothing that is none', async () => {
  const { host } = new URL(relay.url);
  const page = await (await fetch(`${relay.url}/docs`)).text();
  expect(page).toContain(`curl http://${host}/api/push`);
  const lines = page.match(/curl (?:-|http|&#39;http)[^\n<]*/g) ?? [];
  expect(lines.filter((line) => !line.includes(host))).toEqual([]);
});

test('what stands in the description is text, not markup', () => {
  const { info, ...rest } = relay.document;
  const html = referencePage(
    { ...rest, info: { ...info, title: '<b>"\'&', description: '`<i>` <script>' } },
    { console: false, sandbox: true },
  );
  expect(html).toContain('&lt;b&gt;&quot;&#39;&amp;');
  expect(html).toContain('<code>&lt;i&gt;</code> &lt;script&gt;');
});

describe('in Chromium', needs('chromium'), () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test.each(['light', 'dark'] as const)(
    'it reads well in %s, breaks no rule of its policy, and fits a phone',
    async (colorScheme) => {
      const page = await browser.newPage({ colorScheme, viewport: { width: 380, height: 800 } });
      const complaints: string[] = [];
      page.on('console', (message) => void complaints.push(message.text()));
      page.on('request', (request) => {
        if (!request.url().startsWith(relay.url)) complaints.push(request.url());
      });
      await page.goto(`${relay.url}/docs`);
      const look = await page.evaluate<{ background: string; width: number }>(
        `({ background: getComputedStyle(document.body).backgroundColor, width: document.documentElement.scrollWidth })`,
      );
      expect(look).toMatchObject(
        colorScheme === 'light' ? { background: 'rgb(255, 255, 255)' } : { background: 'rgb(20, 23, 26)' },
      );
      expect(look.width).toBeLessThanOrEqual(380);
      expect(complaints).toEqual([]);
      await page.close();
    },
  );

  test('the keyboard reaches the text at once, then every example', async () => {
    const page = await browser.newPage();
    await page.goto(`${relay.url}/docs`);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the text');
    await page.keyboard.press('Enter');
    expect(page.url()).toContain('#main');
    const unreachable = await page.locator('pre:not([tabindex="0"])').count();
    expect(unreachable).toBe(0);
    const levels = await page.evaluate<number[]>(
      "Array.from(document.querySelectorAll('h1, h2, h3, h4'), ({ tagName }) => Number(tagName[1]))",
    );
    expect(levels.filter((level, i) => level > (levels[i - 1] ?? 0) + 1)).toEqual([]);
    await page.close();
  });
});
