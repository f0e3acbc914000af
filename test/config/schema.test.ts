import { expect, expectTypeOf, test } from 'vitest';
import { environmentName } from '../../src/config/schema.ts';
import { type FullConfig as Config, configKeys } from '../support/config.ts';

test('the types follow the schema', () => {
  expectTypeOf<Config['core']['port']>().toEqualTypeOf<string>();
  expectTypeOf<Config['core']['auto_tls']['enabled']>().toEqualTypeOf<boolean>();
  expectTypeOf<Config['core']['max_body']>().toEqualTypeOf<number>();
  expectTypeOf<Config['core']['feedback_header']>().toEqualTypeOf<readonly string[]>();
  expectTypeOf<Config['queue']['engine']>().toEqualTypeOf<'local' | 'nsq' | 'nats' | 'redis'>();
});

test('no two keys share an environment name', () => {
  const names = configKeys.map((key) => environmentName(key.path));
  expect(new Set(names).size).toBe(names.length);
});

test('every key has a meaning in one or two sentences', () => {
  for (const { path, leaf } of configKeys) expect(leaf.description, path).toMatch(/^[A-Z`"].*\.$/);
});
