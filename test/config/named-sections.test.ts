import { expect, expectTypeOf, test } from 'vitest';
import { configView } from '../../src/config/redact.ts';
import type { FullConfig as Config } from '../support/config.ts';
import { configSchema } from '../support/config.ts';
import { complaint, load } from './config-folder.ts';

const DIGEST = 'ab'.repeat(32);

test('the types follow the maps of the schema', () => {
  type Key = Config['auth']['keys'][string];
  expectTypeOf<Key['scopes']>().toEqualTypeOf<readonly ('push' | 'read' | 'users' | 'admin')[]>();
  expectTypeOf<Key['rate_limit']>().toEqualTypeOf<number>();
  expectTypeOf<NonNullable<Config['apps']['named'][string]['ios']>['production']>().toEqualTypeOf<
    boolean | undefined
  >();
});

test('an entry keeps its name as it is written, and gets the defaults', () => {
  const { config, given } = load(`auth: {keys: {Back-End: {sha256: ${DIGEST}, Scopes: push read}}}`);
  expect(config.auth.keys).toEqual({
    'Back-End': { sha256: [DIGEST], scopes: ['push', 'read'], apps: [], rate_limit: 0 },
  });
  expect(given).toContain('auth.keys.Back-End.sha256');
});

test('no name is there by itself', () => {
  const { config } = load('');
  expect(config.auth.keys.constructor).toBe(undefined);
  expect(config.auth.keys.toString).toBe(undefined);
});

test('in a partial map what is not given is absent, and settings may stand beside the names', () => {
  const { config, given } = load('apps: {cache: 5, acme: {ios: {production: true}}, other: }');
  expect(config.apps.cache).toBe(5);
  expect(config.apps.named).toEqual({ acme: { ios: { production: true } }, other: {} });
  expect([...given]).toEqual(expect.arrayContaining(['apps.cache', 'apps.acme.ios.production']));
});

test('variables set keys of entries, and make entries that the file does not have', () => {
  const { config, unknown } = load(`auth: {keys: {back-end: {sha256: ${DIGEST}, scopes: [read]}}}`, {
    env: {
      MARTLET_AUTH_KEYS_BACK_END_SCOPES: 'push',
      MARTLET_AUTH_KEYS_OPS_SHA256: 'cd'.repeat(32),
      GORUSH_AUTH_KEYS_OPS_SCOPES: 'admin',
      MARTLET_APPS_ACME_IOS_PASSWORD: 'secret',
    },
  });
  expect(Object.keys(config.auth.keys)).toEqual(['back-end', 'ops']);
  expect(config.auth.keys['back-end']?.scopes).toEqual(['push']);
  expect(config.auth.keys.ops).toMatchObject({ sha256: ['cd'.repeat(32)], scopes: ['admin'] });
  expect(config.apps.named.acme).toEqual({ ios: { password: 'secret' } });
  expect(unknown).toEqual([]);
});

test('mistakes name the entry', () => {
  const yaml = `
auth: {keys: {backend: {sha256: ${DIGEST}, scopes: [push, raed], rate_limit: -1}, ops: 5}}
apps: {acme: {ios: {production: perhaps}}, "a b": {}, com.example: {}}
`;
  expect(
    complaint(() => load(yaml))
      .split('\n- ')
      .slice(1),
  ).toEqual([
    'auth.keys.ops: must be a section with keys of its own [config.yml:2:138]',
    'apps.a b: a name may have up to 64 letters, digits, - and _, and must not begin with - or _ [config.yml:3:44]',
    'apps.com.example: a name may have up to 64 letters, digits, - and _, and must not begin with - or _ [config.yml:3:55]',
    'apps.acme.ios.production: must be true or false, is "perhaps" [config.yml:3:21]',
    'auth.keys.backend.scopes: must be a list of push, read, users, admin, is ["push","raed"] [config.yml:2:99]',
    'auth.keys.backend.rate_limit: must be a number (per second), 0 or more, is -1 [config.yml:2:121]',
  ]);
});

test('unknown keys of entries are told with the nearest known one', () => {
  const { unknown } = load(`auth: {keys: {backend: {sha256: ${DIGEST}, scopes: push, aps: [acme]}}}`, {
    env: { MARTLET_AUTH_KEYS_BACKEND_SCOPE: 'push' },
  });
  expect(unknown).toEqual([
    'unknown key `auth.keys.backend.aps`, did you mean `auth.keys.backend.apps`? [config.yml:1:113]',
    'unknown environment variable MARTLET_AUTH_KEYS_BACKEND_SCOPE, did you mean MARTLET_AUTH_KEYS_BACKEND_SCOPES?',
  ]);
});

test('a dotted key leads into an entry', () => {
  const { config } = load('apps.acme.ios.production: true');
  expect(config.apps.named).toEqual({ acme: { ios: { production: true } } });
});

test('the view shows names and what is public, and of a partial entry only what is given', () => {
  const { config } = load(`
auth: {keys: {backend: {sha256: ${DIGEST}, scopes: push}}}
apps: {acme: {ios: {password: canary, production: true}}}
`);
  const view = configView(config, configSchema);
  expect(view.auth).toMatchObject({ keys: { backend: { sha256: ['[REDACTED]'], scopes: ['push'] } } });
  expect(view.apps).toMatchObject({ cache: 256, acme: { ios: { password: '[REDACTED]', production: true } } });
  expect(view.apps).not.toHaveProperty('acme.ios.key_path');
});
