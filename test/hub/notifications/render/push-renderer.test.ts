import { expect, test } from 'vitest';
import type { PushVariant } from '../../../../src/hub/notifications/render/push.ts';
import { PushRenderer } from '../../../../src/hub/notifications/render/push-renderer.ts';
import { input, NOON, policy } from '../decide-cases.ts';

const notification = { ...input().notification, locales: { de: { title: 'Platte voll' } } };
const renderer = (locale = '') => new PushRenderer({ notification, policy: { ...policy, locale } }, NOON);

test('devices with the same payload get the very same object, whatever languages led to their text', () => {
  const pushes = renderer();
  const of = (languages: string[], more: Partial<PushVariant> = {}) =>
    pushes.push({ platform: 'android', kind: 'alert', languages, ...more });
  expect(of(['fr'])).toBe(of(['es']));
  expect(of(['de'])).toBe(of(['de-AT', 'fr']));
  expect(of(['de'])).not.toBe(of(['fr']));
  for (const more of [
    { platform: 'web' },
    { silent: true },
    { user: 'ada' },
    { badge: 1 },
    { environment: 'development' },
  ])
    expect(of(['fr'], more)).not.toBe(of(['fr']));
});

test('the language of the hub is the last that is looked for', () => {
  const pushes = renderer('de');
  const of = (...languages: string[]) => pushes.push({ platform: 'ios', kind: 'alert', languages });
  expect(of('fr')).toBe(of('de'));
  expect(of('fr').title).toBe('Platte voll');
});
