import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { KEYS, startGuardedRelay } from '../../auth/guarded-relay.ts';
import { startRelay } from '../../e2e/running-relay.ts';
import { needs } from '../../support/needs.ts';
import { faults, openBrowser, openPage } from './browser.ts';

const QUICK = { ios: { max_retry: 3 }, android: { max_retry: 3 }, queue: { local: { path: '' }, backoff: 0.2 } };

/** What has the focus, and how its outline is drawn; a hidden radio button's is that of its label. */
const FOCUSED = `(() => {
  const active = document.activeElement;
  const drawn = active.matches('input[type=radio]') ? active.closest('label') : active;
  return [active.id || active.textContent.trim(), getComputedStyle(drawn).outlineStyle];
})()`;

describe('the console in Chromium', needs('chromium'), () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  /** A relay, its console in a page, and a check at the end that nothing was wrong with it. */
  async function opened(sections: { [section: string]: object } = {}, look: Parameters<typeof openPage>[2] = {}) {
    const relay = await startGuardedRelay({ auth: {}, ...QUICK, ...sections });
    const { page, wrong } = await openPage(browser, relay.url, look);
    onTestFinished(() => page.context().close());
    await page.goto(`${relay.url}/console`);
    const push = (...notifications: object[]) =>
      fetch(`${relay.url}/api/push`, { method: 'POST', body: JSON.stringify({ notifications }) });
    return { relay, page, wrong, push };
  }

  const panel = (page: Page, name: string) => page.getByRole('region', { name }).first();
  const timeline = (page: Page) => panel(page, 'What became of it');
  const laneRow = (page: Page, name: RegExp) => page.getByRole('table').first().getByRole('row', { name });

  test('with keys, it asks for one: a wrong one is refused with a reason, the right one opens it, and it can be given back', async () => {
    const { page, wrong } = await opened({ auth: { keys: KEYS } });
    const key = page.getByLabel('API key');
    await key.fill('nonsense');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('The key is unknown.').waitFor();
    expect(await key.getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByRole('heading', { name: 'Lanes' }).isVisible()).toBe(false);
    await key.fill('pusher-key');
    await key.press('Enter');
    await page.getByText('This needs the scope read.').waitFor();
    await key.fill('admin-key');
    await key.press('Enter');
    await page.getByText('Live', { exact: true }).waitFor();
    await page.reload();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await page.evaluate('[document.cookie, localStorage.length]')).toEqual(['', 0]);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await key.waitFor();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
    // Chromium itself notes each answer that is no success.
    expect(wrong.filter((text) => !/status of 40[13]/.test(text))).toEqual([]);
  });

  test('a push that is composed is seen delivered in its timeline, and counted', async () => {
    const { page, wrong } = await opened();
    await page.getByLabel('What the sandbox does').selectOption('down-twice');
    await page.getByRole('button', { name: 'Send' }).click();
    await timeline(page).getByText('Attempt 1: to be tried again').waitFor();
    await timeline(page).getByText('Attempt 3: delivered').waitFor();
    const text = await timeline(page).textContent();
    expect(text).toMatch(/Accepted[\s\S]*ServiceUnavailable[\s\S]*status 503[\s\S]*it is sent again/);
    expect(await page.locator('.push .pill').textContent()).toBe('delivered');
    await page.getByText('1 since the start').first().waitFor();
    expect(wrong).toEqual([]);
  });

  test('with core.sync, which answers when the push has its outcome, the timeline grows meanwhile', async () => {
    const { page, wrong } = await opened({ core: { sync: true } });
    await page.locator('#platforms').getByText('Android').click();
    await page.getByLabel('What the sandbox does').selectOption('slow');
    await page.getByRole('button', { name: 'Send' }).click();
    await timeline(page).getByText('delivered', { exact: true }).waitFor();
    expect(await timeline(page).textContent()).toContain('FCM');
    expect(wrong.filter((text) => !text.includes('404'))).toEqual([]);
  });

  test('what was refused is told at the form', async () => {
    const { page } = await opened();
    await page.getByLabel('App', { exact: true }).fill('no-such-app');
    await page.getByRole('button', { name: 'Send' }).click();
    const alert = page.locator('#send-error');
    await alert
      .getByText(/no-such-app|no such app/)
      .first()
      .waitFor();
  });

  test('a key that only reads sees figures, pushes and failures, and has no form to send', async () => {
    const { page, wrong, relay } = await opened({ auth: { keys: KEYS } });
    await page.getByLabel('API key').fill('reader-key');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('heading', { name: 'Lanes' }).waitFor();
    expect(await page.getByRole('button', { name: 'Send' }).isVisible()).toBe(false);
    expect(await panel(page, 'Apps').isVisible()).toBe(false);
    const headers = { Authorization: 'Bearer pusher-key' };
    const notification = { platform: 2, notif_id: 'seen-by-readers', tokens: ['t'], message: 'x' };
    const body = JSON.stringify({ notifications: [notification] });
    await fetch(`${relay.url}/api/push`, { method: 'POST', headers, body });
    await page.getByRole('link', { name: 'Pushes' }).click();
    await page.getByRole('link', { name: 'seen-by-readers' }).click();
    await timeline(page).getByText('Attempt 1: delivered').waitFor();
    expect(wrong.filter((text) => !/status of 401/.test(text))).toEqual([]);
  });

  test('recent pushes are listed, filtered, and lead to their timelines', async () => {
    const { page, push, wrong } = await opened({ apps: { shop: { android: {} } } });
    await push(
      { platform: 2, notif_id: 'order-42', tokens: ['fine'], message: 'x' },
      { platform: 2, app: 'shop', notif_id: 'news-7', tokens: ['sandbox-unregistered'], message: 'x' },
      { platform: 1, notif_id: 'order-43', tokens: ['a1b2c3d4'.repeat(8)], topic: 'com.example.app', message: 'x' },
    );
    await page.getByRole('link', { name: 'Pushes' }).click();
    const list = page.locator('#pushes > li');
    await expect.poll(() => list.count()).toBe(3);
    const ids = () => list.locator('a').allTextContents();
    await page.getByLabel('Id contains').fill('order');
    await expect.poll(async () => (await ids()).sort()).toEqual(['order-42', 'order-43']);
    await page.locator('#filter-platform').selectOption('ios');
    await expect.poll(ids).toEqual(['order-43']);
    await page.locator('#filter-platform').selectOption('');
    await page.getByLabel('Id contains').fill('');
    await page.getByLabel('Status').selectOption('failed');
    await expect.poll(ids).toEqual(['news-7']);
    expect(await list.first().textContent()).toMatch(/failed.*shop · FCM.*UNREGISTERED/);
    await page.getByLabel('With the reason').fill('NoSuchReason');
    await page.getByText('Nothing that is kept matches.').waitFor();
    await page.getByLabel('With the reason').fill('');
    await page.getByRole('link', { name: 'news-7' }).click();
    await timeline(page).getByText('Attempt 1: failed').waitFor();
    expect(await page.getByRole('heading', { name: 'Recent pushes' }).isVisible()).toBe(true);
    expect(await faults(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await page.getByRole('link', { name: 'Now' }).click();
    await page.getByRole('heading', { name: 'Lanes' }).waitFor();
    const top = (name: string) =>
      page
        .getByRole('heading', { name })
        .boundingBox()
        .then((box) => box?.y ?? 0);
    expect(await top('Failures by reason')).toBeLessThan(await top('Lanes'));
    expect(wrong).toEqual([]);
  });

  test('data, badge, sound and raw JSON are sent, and what is no JSON is told', async () => {
    const { page, relay, wrong } = await opened();
    await page.getByText('Data, badge, sound, JSON').click();
    await page.getByLabel('Data, a JSON object').fill('{"order":');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText(/^Data: is no JSON/).waitFor();
    await page.getByLabel('Data, a JSON object').fill('{"order": "42"}');
    await page.getByLabel('Badge').fill('3');
    await page.getByLabel('Sound').fill('chime.aiff');
    await page.getByLabel('More fields of the notification').fill('{"category": "ORDER", "title": "From JSON"}');
    await page.getByRole('button', { name: 'Send' }).click();
    await timeline(page).getByText('Attempt 1: delivered').waitFor();
    const seen = await fetch(`${relay.url}/sandbox/deliveries`);
    const { deliveries } = (await seen.json()) as { deliveries: { payload: object }[] };
    expect(deliveries[0]?.payload).toMatchObject({
      order: '42',
      aps: { badge: 3, sound: 'chime.aiff', category: 'ORDER', alert: { title: 'From JSON' } },
    });
    expect(wrong).toEqual([]);
  });

  test('where pushes reach real devices, sending asks first', async () => {
    await using relay = await startRelay();
    await using view = await openPage(browser, relay.url);
    const { page, wrong } = view;
    await page.goto(`${relay.url}/console`);
    await page.locator('#platforms').getByText('Android').click();
    await page.getByLabel('Device token').fill('some-token');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/sends for real: the push goes to 1 device by FCM, for the app default/).waitFor();
    expect(await faults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await (await fetch(`${relay.url}/v1/pushes`)).json()).toMatchObject({ pushes: [] });
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await dialog.getByRole('button', { name: 'Send it' }).click();
    await timeline(page).getByText('Attempt 1: delivered').waitFor();
    expect(wrong).toEqual([]);
  });

  test('the last hour has axes, a legend, and values that the pointer and the keyboard read', async () => {
    const { page, wrong } = await opened();
    const point = (minutes: number, failed: number) => ({
      at: Date.now() - minutes * 60_000,
      rates: { accepted: 12, delivered: 10, failed, retried: 0, refused: 0 },
      latency: { push: { p50: 20, p99: 80 } },
      depth: minutes,
    });
    const hour = Array.from({ length: 60 }, (_, i) => point(59 - i, i));
    const body = `event: hello\ndata: ${JSON.stringify({ version: '1', history: true, providers: [], fates: [] })}\n\nevent: hour\ndata: ${JSON.stringify(hour)}\n\n`;
    await page.route('**/v1/console/events', (route) => route.fulfill({ contentType: 'text/event-stream', body }));
    await page.reload();
    const figure = page.locator('figure', { hasText: 'Pushes per second' });
    await expect
      .poll(() => figure.locator('.axes text').allTextContents())
      .toEqual(expect.arrayContaining(['0', '100', '−60 min', '−30 min', 'now']));
    const value = figure.getByRole('listitem').filter({ hasText: 'failed' });
    expect(await value.textContent()).toBe('failed 59');
    const chart = figure.locator('svg');
    expect(await chart.getAttribute('aria-label')).toMatch(/failed at most 59/);
    await chart.focus();
    await page.keyboard.press('ArrowLeft');
    expect(await value.textContent()).toBe('failed 58');
    const { x = 0, y = 0, width = 0 } = (await chart.boundingBox()) ?? {};
    await page.mouse.move(x + width * 0.55, y + 20);
    expect(await value.textContent()).toMatch(/^failed (2[4-9]|3[0-5])$/);
    await page.mouse.move(0, 0);
    expect(await value.textContent()).toBe('failed 59');
    expect(wrong).toEqual([]);
  });

  test('an axis of whole numbers has none twice', async () => {
    const { page, wrong } = await opened();
    const point = (minutes: number) => ({
      at: Date.now() - minutes * 60_000,
      rates: { accepted: 1, delivered: 1, failed: 0, retried: 0, refused: 0 },
      latency: {},
      depth: minutes,
    });
    const hello = { version: '1', history: true, providers: [], fates: [] };
    const body = `event: hello\ndata: ${JSON.stringify(hello)}\n\nevent: hour\ndata: ${JSON.stringify([point(1), point(0)])}\n\n`;
    await page.route('**/v1/console/events', (route) => route.fulfill({ contentType: 'text/event-stream', body }));
    await page.reload();
    const axis = (name: string) => page.locator('figure', { hasText: name }).locator('.axes text[text-anchor=end]');
    await expect.poll(() => axis('In the queue').allTextContents()).toEqual(['0', '1', 'now']);
    expect(await axis('Pushes per second').allTextContents()).toEqual(['0', '0.5', '1', 'now']);
    expect(wrong).toEqual([]);
  });

  test('a moment alone, after a pause, is a dot', async () => {
    const { page, wrong } = await opened();
    const point = (minutes: number) => ({ at: Date.now() - minutes * 60_000, latency: {}, depth: 1 });
    const hello = { version: '1', history: true, providers: [], fates: [] };
    const body = `event: hello\ndata: ${JSON.stringify(hello)}\n\nevent: hour\ndata: ${JSON.stringify([point(9), point(0)])}\n\n`;
    await page.route('**/v1/console/events', (route) => route.fulfill({ contentType: 'text/event-stream', body }));
    await page.reload();
    const line = (what: string) =>
      page.evaluate(`(() => { const line = document.querySelectorAll('#hour path.line')[6]; return ${what}; })()`);
    await expect.poll(() => line('line.getAttribute("d").match(/M[^M]+h0.1/g)?.length')).toBe(2);
    expect(await line('getComputedStyle(line).strokeLinecap')).toBe('round');
    expect(wrong).toEqual([]);
  });

  test('what is not well is said at the top, as /readyz says it', async () => {
    await using relay = await startRelay({ android: { endpoint: 'https://127.0.0.1:1' } });
    await using view = await openPage(browser, relay.url);
    const { page, wrong } = view;
    await page.goto(`${relay.url}/console`);
    for (let i = 0; i < 6; i++) await relay.push({ platform: 2, tokens: [`t${i}`], message: 'x' });
    const causes = panel(page, 'What is not well');
    await causes.getByText(/default\/fcm/).waitFor();
    await page.locator('#ready', { hasText: 'degraded' }).waitFor();
    expect(await faults(page)).toEqual([]);
    expect(wrong).toEqual([]);
  });

  test('an id is explained: by the form, by a link, and by the address', async () => {
    const { page, push, relay } = await opened();
    await push({ platform: 2, notif_id: 'order/42 ä', tokens: ['sandbox-unregistered'], message: 'x' });
    await page.getByRole('link', { name: 'see the last one' }).click();
    await timeline(page).getByText('Attempt 1: failed').waitFor();
    await page.goto(`${relay.url}/console#push=${encodeURIComponent('order/42 ä')}`);
    await page.reload();
    await timeline(page).getByText('Attempt 1: failed').waitFor();
    await page.getByLabel('Request id or notif_id').fill('nobody');
    await page.getByRole('button', { name: 'Explain' }).click();
    await timeline(page).getByText('Nothing is known of this push').waitFor();
  });

  test('a failing lane shows: its open breaker, and the reason with what to do about it', async () => {
    await using relay = await startRelay({ android: { endpoint: 'https://127.0.0.1:1' } });
    await using view = await openPage(browser, relay.url);
    const { page, wrong } = view;
    await page.goto(`${relay.url}/console`);
    for (let i = 0; i < 6; i++) await relay.push({ platform: 2, tokens: [`t${i}`], message: 'x' });
    await relay.push({ platform: 1, tokens: ['dead0410'.repeat(8)], message: 'x' });
    await laneRow(page, /FCM.*breaker open/).waitFor();
    await page.getByText('1 of 4 in trouble').waitFor();
    const failures = panel(page, 'Failures by reason');
    await failures.getByRole('heading', { name: 'Unregistered' }).waitFor();
    await failures.getByText(/heals? by themselves/).click();
    const texts = await failures.getByRole('listitem').allTextContents();
    expect(texts.find((text) => text.includes('FCM'))).toMatch(
      /not sent.*tried again.*The provider could not be reached/s,
    );
    expect(texts.find((text) => text.includes('APNs'))).toMatch(/Unregistered.*1 failed.*Delete the token/s);
    expect(wrong).toEqual([]);
  });

  test('hostile names are text and nothing else', async () => {
    const evil = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
    const { page, push, wrong } = await opened();
    await push(
      { platform: 2, notif_id: evil, tokens: [`sandbox-unregistered-${evil}`], message: evil, title: evil },
      { platform: 98, notif_id: evil, tokens: [evil], message: evil },
    );
    await page.goto(`${page.url()}#push=${encodeURIComponent(evil)}`);
    await timeline(page).getByText('failed').first().waitFor();
    await page.getByRole('heading', { name: 'UnknownPlatform' }).waitFor();
    await page.getByLabel('App', { exact: true }).fill(evil);
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('#send-error p').waitFor();
    expect(await page.locator('script').count()).toBe(1);
    expect(await page.locator('img').count()).toBe(1);
    expect(wrong.filter((text) => !/status of 4\d\d/.test(text))).toEqual([]);
  });

  test('what the figures say comes in as text, whatever the stream holds', async () => {
    const { page, wrong } = await opened();
    const evil = '"><svg onload=alert(1)>';
    await page.route('**/v1/console/events', async (route) => {
      const lane = { waiting: 0, deferred: 0, in_flight: 0, limit: 1, sessions: 0, streams: 0, used: true };
      const rates = { delivered: 0, failed: 0, retried: 0 };
      const names = { app: evil, provider: evil, environment: evil, breaker: evil, health: evil };
      const frame = {
        ...{ at: 1, ready: true, latency: {}, totals: { accepted: 0, delivered: 0, failed: 0 } },
        queue: { depth: 0, limit: 1, oldest_age: 0, waiting: 0, deferred: 0, health: 'pass', durable: true },
        ...{ lanes: [{ ...names, ...lane, ...rates }], more_lanes: 0 },
        ...{ hooks: [{ app: evil, backlog: 0, sent: 0, failed: 0, dropped: 0 }], more_hooks: 0 },
      };
      const failure = { ...names, reason: evil, category: evil, error: evil, advice: evil, status: evil };
      const groups = [
        { ...failure, failed: 1, retried: 0, at: '2026-01-01T00:00:00Z', request_id: 'javascript:alert(1)' },
      ];
      const hello = {
        version: evil,
        sandbox: true,
        history: true,
        push_uri: '/api/push',
        providers: [
          { number: evil, name: evil, platform: evil, title: { platform: evil, provider: evil }, target: evil },
        ],
        fates: [{ name: evil, hex: evil, told: evil }],
      };
      const events = { hello, frame, failures: groups };
      const body = Object.entries(events).map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
      await route.fulfill({ contentType: 'text/event-stream', body: body.join('') });
    });
    await page.reload();
    await page.getByRole('heading', { name: evil }).waitFor();
    expect(await page.locator('svg[onload]').count()).toBe(0);
    expect(await page.getByRole('link', { name: 'see the last one' }).getAttribute('href')).toMatch(/^#push=/);
    expect(wrong).toEqual([]);
  });

  test('it can be used with the keyboard alone', async () => {
    const { page, wrong } = await opened({ auth: { keys: KEYS } });
    await page.getByLabel('API key').waitFor();
    await page.keyboard.type('admin-key');
    await page.keyboard.press('Enter');
    await page.getByText('Live', { exact: true }).waitFor();
    const reached: string[] = [];
    for (let i = 0; i < 30 && !reached.includes('Send'); i++) {
      await page.keyboard.press('Tab');
      const [name = '', outline] = await page.evaluate<string[]>(FOCUSED);
      reached.push(name);
      expect(outline, reached.at(-1)).not.toBe('none');
    }
    expect(reached).toEqual(
      expect.arrayContaining(['app', 'environment', 'fate', 'target', 'bundle', 'title', 'message', 'Send']),
    );
    await page.keyboard.press('Enter');
    await timeline(page).getByText('Attempt 1: delivered').waitFor();
    // The page that asks for a key is the body of a 401, which Chromium notes.
    expect(wrong.filter((text) => !/status of 401/.test(text))).toEqual([]);
  });

  test.each(['light', 'dark'] as const)(
    'in %s it has contrast, names and landmarks for everybody',
    async (colorScheme) => {
      const { page, push, wrong } = await opened(
        { apps: { shop: { android: {} } }, core: { feedback_hook_url: 'http://127.0.0.1:9/' } },
        { colorScheme, reducedMotion: 'reduce' },
      );
      await push({ app: 'shop', platform: 2, tokens: ['sandbox-unregistered', 'sandbox-busy-once'], message: 'x' });
      await page.getByRole('button', { name: 'Send' }).click();
      await timeline(page).getByText('Attempt 1: delivered').waitFor();
      await page.getByRole('heading', { name: 'UNREGISTERED' }).waitFor();
      await page.locator('#hooks tbody tr').waitFor();
      const ground = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
      const [red = 0] = (ground.match(/\d+/g) ?? []).map(Number);
      expect(red < 128).toBe(colorScheme === 'dark');
      expect(await faults(page)).toEqual([]);
      await page.setViewportSize({ width: 360, height: 800 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      expect(await faults(page)).toEqual([]);
      expect(wrong).toEqual([]);
    },
  );

  test('the form that asks for a key is for everybody, too', async () => {
    const { page } = await opened({ auth: { keys: KEYS } });
    await page.getByLabel('API key').waitFor();
    expect(await faults(page)).toEqual([]);
  });

  test('when the relay goes away it says so, and comes back with it', async () => {
    const { page } = await opened();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.route('**/v1/console/events', (route) => route.abort());
    await page.reload();
    await page.getByText('No connection; trying again').waitFor();
    await page.unroute('**/v1/console/events');
    await page.getByText('Live', { exact: true }).waitFor();
  });

  test('with a long name of an app nothing is pushed out of place', async () => {
    const name = `${'very-long-name-'.repeat(4)}x`;
    const { page, push } = await opened({ apps: { [name]: { android: {} } } });
    await push({ app: name, platform: 2, tokens: ['sandbox-unregistered'], message: 'x' });
    await laneRow(page, new RegExp(name)).waitFor();
    for (const width of [1440, 1024, 360]) {
      await page.setViewportSize({ width, height: 900 });
      expect(await page.evaluate('document.documentElement.scrollWidth'), String(width)).toBe(width);
    }
  });
});
