import { expect, test } from 'vitest';
import { digestOf, KeyRing } from '../../src/auth/key-ring.ts';
import { newKey } from '../../src/auth/new-key.ts';
import { sha256 } from './guarded-relay.ts';

const access = { scopes: ['push'], apps: [], rate_limit: 0 } as const;

test('a key is known by its digest, in upper or lower case', () => {
  const ring = new KeyRing({
    a: { ...access, sha256: [sha256('one'), sha256('two').toUpperCase()] },
    b: { ...access, sha256: [sha256('three')], apps: ['Acme'] },
  });
  expect(ring.find(digestOf('one'))).toMatchObject({ name: 'a', kind: 'key', apps: undefined });
  expect(ring.find(digestOf('two'))).toBe(ring.find(digestOf('one')));
  expect(ring.find(digestOf('three'))?.apps).toEqual(new Set(['acme']));
  expect(ring.find(digestOf('four'))).toBe(undefined);
  expect(ring.find(digestOf(sha256('one')))).toBe(undefined);
  expect(ring.find(Buffer.alloc(32))).toBe(undefined);
});

test('a new key has 256 random bits, and comes with what config.yml needs', () => {
  const text = newKey('backend', (size) => Buffer.alloc(size, 7));
  const key = `martlet_${Buffer.alloc(32, 7).toString('base64url')}`;
  expect(text).toContain(`  ${key}\n`);
  expect(text).toContain(`      sha256: ${sha256(key)}\n`);
  expect(newKey('backend')).not.toBe(newKey('backend'));
});
