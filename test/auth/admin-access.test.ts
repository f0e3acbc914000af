import { expect, test } from 'vitest';
import { closedAtApi, closedBecause } from '../../src/auth/admin-access.ts';
import { buildConfig } from '../support/config.ts';

const configWith = (values: Readonly<Record<string, string>>) =>
  buildConfig(({ path, leaf }) => values[path] ?? leaf.default);

const WHY = 'for administrators, and without authentication every caller is one: set auth.keys, or';

test.each([
  [{}, `apps are ${WHY} core.address to 127.0.0.1`],
  [{ 'core.address': '127.0.0.1' }, undefined],
  [{ 'core.admin_address': '0.0.0.0:9000' }, `apps are ${WHY} core.admin_address to 127.0.0.1`],
  [{ 'core.admin_address': '127.0.0.1:9000' }, undefined],
])('with %j what administrators use is closed because: %s', (values, why) => {
  expect(closedBecause(configWith(values as Record<string, string>), 'apps are')).toBe(why);
});

test('what phones reach goes by core.address alone', () => {
  const config = configWith({ 'core.admin_address': '127.0.0.1:9000' });
  expect(closedAtApi(config, 'the hub is')).toBe(`the hub is ${WHY} core.address to 127.0.0.1`);
  expect(closedAtApi(configWith({ 'core.address': '127.0.0.1' }), 'the hub is')).toBeUndefined();
});
