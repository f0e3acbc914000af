import { expect, test } from 'vitest';
import { loadedModules } from '../loaded-modules.ts';

/** What is for the hub alone. */
const OF_THE_HUB = /\/src\/(?:hub|api\/hub|host\/hub)\/|\/src\/host\/(?:open-hub|hub-)|\/node_modules\/(?:kysely|pg)\//;

/** The modules of a relay that has sent a push. @param more of its configuration */
const loadedBy = (more: string): Promise<string[]> =>
  loadedModules(
    () => `core: {sync: true}\nios: {enabled: true}\nandroid: {enabled: true}\nsandbox: {enabled: true}\n${more}`,
    async (origin) => {
      const body = JSON.stringify({ notifications: [{ platform: 2, tokens: ['a'], message: 'hi' }] });
      const pushed = await fetch(`${origin}/api/push`, { method: 'POST', body });
      expect(await pushed.json()).toMatchObject({ success: 'ok', logs: [] });
    },
  );

test("with Gorush's own file the hub is off, and a relay that starts, sends and ends has loaded nothing of it", async () => {
  const loaded = await loadedBy('');
  expect(loaded.filter((url) => url.includes('/src/')).length).toBeGreaterThan(300);
  expect(loaded.filter((url) => OF_THE_HUB.test(url))).toEqual([]);
  const withHub = await loadedBy('hub: {enabled: true}\n');
  expect(withHub.filter((url) => OF_THE_HUB.test(url)).length).toBeGreaterThan(100);
});
