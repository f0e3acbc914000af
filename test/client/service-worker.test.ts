import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { expect, test } from 'vitest';

const CODE = readFileSync(new URL('../../src/client/service-worker.js', import.meta.url), 'utf8');
const HERE = 'https://shop.example';

interface Page {
  readonly url: string;
  readonly told: unknown[];
  focused: boolean;
}

/** The worker's own side of a browser. */
function worker(...urls: string[]) {
  const pages: Page[] = urls.map((url) => ({ url, told: [], focused: false }));
  const shown: { title: string; options: { data?: unknown } }[] = [];
  const opened: string[] = [];
  const badges: number[] = [];
  const listeners = new Map<string, (event: object) => void>();
  const scope = {
    URL,
    location: { href: `${HERE}/worker.js` },
    addEventListener: (name: string, listener: (event: object) => void) => listeners.set(name, listener),
    registration: {
      showNotification: async (title: string, options: object) => void shown.push({ title, options }),
    },
    navigator: {
      setAppBadge: async (count: number) => void badges.push(count),
      clearAppBadge: async () => void badges.push(0),
    },
    clients: {
      matchAll: async () =>
        pages.map((page) => ({
          url: page.url,
          postMessage: (message: unknown) => page.told.push(message),
          focus: async () => {
            page.focused = true;
          },
        })),
      openWindow: async (url: string) => void opened.push(url),
    },
  };
  runInContext(CODE, createContext({ ...scope, self: scope }));
  const happen = async (name: string, event: object): Promise<void> => {
    const waits: Promise<unknown>[] = [];
    listeners.get(name)?.({ ...event, waitUntil: (work: Promise<unknown>) => waits.push(work) });
    await Promise.all(waits);
  };
  return { pages, shown, opened, badges, happen };
}

const dataOf = (text: string) => ({ json: () => JSON.parse(text), text: () => text });

test('a push is shown as it says, with its badge, and open pages hear of it', async () => {
  const { shown, badges, pages, happen } = worker(`${HERE}/`);
  const notification = { title: 'Hello', body: 'World', navigate: `${HERE}/orders/42`, data: { order: '42' } };
  await happen('push', { data: dataOf(JSON.stringify({ web_push: 8030, notification, app_badge: 3 })) });
  expect(shown).toEqual([
    { title: 'Hello', options: { body: 'World', data: { order: '42', navigate: `${HERE}/orders/42`, targets: {} } } },
  ]);
  expect(badges).toEqual([3]);
  expect(pages[0]?.told).toEqual([{ martlet: 'push', notification }]);
});

test('what is no JSON is shown as text, and nothing as an empty notice: a browser wants one for each push', async () => {
  const { shown, happen } = worker();
  await happen('push', { data: dataOf('plain text') });
  await happen('push', {});
  expect(shown.map(({ title }) => title)).toEqual(['plain text', '']);
});

test('a click on a button leads where the button points', async () => {
  const { shown, opened, happen } = worker();
  const notification = {
    title: 'T',
    navigate: HERE,
    actions: [{ action: 'open', title: 'Open', navigate: `${HERE}/o` }],
  };
  await happen('push', { data: dataOf(JSON.stringify({ notification })) });
  const click = { close: () => {}, data: shown[0]?.options.data };
  await happen('notificationclick', { notification: click, action: 'open' });
  await happen('notificationclick', { notification: click, action: 'unknown' });
  expect(opened).toEqual([`${HERE}/o`, HERE]);
});

test('a click leads to the page that is open, or opens it', async () => {
  const target = `${HERE}/orders/42`;
  const there = worker(`${HERE}/`, target);
  const notification = { close: () => {}, data: { navigate: target } };
  await there.happen('notificationclick', { notification, action: '' });
  expect(there.pages.map(({ focused }) => focused)).toEqual([false, true]);
  const away = worker(`${HERE}/`);
  await away.happen('notificationclick', { notification, action: '' });
  expect(away.opened).toEqual([target]);
  expect(away.pages[0]?.told).toEqual([{ martlet: 'click', action: '', data: { navigate: target } }]);
});
