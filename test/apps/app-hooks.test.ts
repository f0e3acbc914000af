import { expect, test } from 'vitest';
import type { App } from '../../src/apps/app.ts';
import { createAppHooks } from '../../src/apps/app-hooks.ts';
import { AppRegistry } from '../../src/apps/app-registry.ts';
import { withoutSecrets } from '../../src/apps/without-secrets.ts';
import type { HookTarget } from '../../src/feedback/hook-target.ts';
import type { AppSettings } from '../../src/providers/registry.ts';

const own: HookTarget = { url: 'http://10.0.0.1/', headers: [], timeoutMs: 1, secrets: [], allowPrivate: true };

let opened = 0;
function app(webhook: AppSettings['webhook'], origin: App['origin'] = 'file'): App {
  const settings: AppSettings = webhook ? { webhook } : {};
  return {
    name: 'shop',
    origin,
    version: '1',
    topics: [],
    project: undefined,
    expiries: [],
    shown: withoutSecrets(settings),
    settings: () => {
      opened++;
      return settings;
    },
  };
}

const hooks = (registry: AppRegistry, allowPrivate = false) => createAppHooks({ apps: registry, own, allowPrivate });

test('the default app has the hook of the core section', () => {
  expect(hooks(new AppRegistry())('default')).toBe(own);
});

test('an app has its own, with the defaults for what it leaves out', () => {
  const registry = new AppRegistry([app({ url: 'https://hook.example/' })]);
  const expected = { headers: [], timeoutMs: 10_000, secrets: [], allowPrivate: false };
  expect(hooks(registry)('shop')).toEqual({ url: 'https://hook.example/', ...expected });
});

test.each([undefined, {}, { url: '' }])(
  'an app with the webhook %o has none, and not that of the default app',
  (webhook) => {
    expect(hooks(new AppRegistry([app(webhook)]))('shop')).toBeUndefined();
    expect(hooks(new AppRegistry())('unknown')).toBeUndefined();
  },
);

test('private addresses are the file’s to allow for its apps, and apps.allow_private_hooks’ for those made at run time', () => {
  const webhook = { url: 'http://10.0.0.1/', allow_private: true };
  const allowed = (origin: App['origin'], everywhere: boolean): boolean | undefined =>
    hooks(new AppRegistry([app(webhook, origin)]), everywhere)('shop')?.allowPrivate;
  expect(allowed('file', false)).toBe(true);
  expect(allowed('store', false)).toBe(false);
  expect(allowed('store', true)).toBe(true);
});

test('settings are opened once for each version of an app', () => {
  const registry = new AppRegistry([app({ url: 'https://a.example/' }, 'store')]);
  const hookOf = hooks(registry);
  opened = 0;
  expect(hookOf('shop')).toBe(hookOf('shop'));
  expect(opened).toBe(1);
  registry.set(app({ url: 'https://b.example/' }, 'store'));
  expect(hookOf('shop')?.url).toBe('https://b.example/');
  registry.delete('shop');
  expect(hookOf('shop')).toBeUndefined();
});

test('settings that cannot be opened now are asked again later', () => {
  const good = app({ url: 'https://a.example/' }, 'store');
  let locked = true;
  const sealed: App = {
    ...good,
    settings: () => {
      if (locked) throw new Error('no key');
      return good.settings();
    },
  };
  const hookOf = hooks(new AppRegistry([sealed]));
  expect(hookOf('shop')).toBeUndefined();
  locked = false;
  expect(hookOf('shop')?.url).toBe('https://a.example/');
});
