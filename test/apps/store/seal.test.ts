import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type MasterKeys, parseMasterKeys } from '../../../src/apps/store/master-keys.ts';
import { seal, sealedWith, unseal } from '../../../src/apps/store/seal.ts';

const newKeys = (): MasterKeys => parseMasterKeys(randomBytes(32).toString('base64'), 'test');
const keys = newKeys();
const acme = { app: 'acme', part: 'ios' };

const part = fc.record({ app: fc.string(), part: fc.constantFrom('ios', 'android', 'huawei', 'webhook') });

test('a sealed secret opens with the right key, as what it was sealed for, and as nothing else', () => {
  const others = newKeys();
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), part, part, (secret, of, as) => {
      const sealed = seal(secret, of, keys[0]);
      expect(unseal(sealed, of, keys)).toBe(secret);
      expect(() => unseal(sealed, of, others)).toThrow(/not given/);
      if (of.app !== as.app || of.part !== as.part)
        expect(() => unseal(sealed, as, keys)).toThrow(/sealed for another app/);
    }),
  );
});

test('a sealed text in which any character was changed does not open', () => {
  const sealed = seal('a secret', acme, keys[0]);
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.constantFrom(...'ABCxyz019-_.'), (at, by) => {
      fc.pre(sealed[at] !== by);
      const changed = sealed.slice(0, at) + by + sealed.slice(at + 1);
      // The last character of base64 carries bits that mean nothing.
      const same = changed.split('.').map((text) => Buffer.from(text, 'base64url').toString('hex'));
      fc.pre(
        same.join() !==
          sealed
            .split('.')
            .map((text) => Buffer.from(text, 'base64url').toString('hex'))
            .join(),
      );
      expect(() => unseal(changed, acme, keys)).toThrow();
    }),
  );
});

test('the same secret is never sealed alike twice, and is not to be seen', () => {
  const [one, other] = [seal('canary', acme, keys[0]), seal('canary', acme, keys[0])];
  expect(one).not.toBe(other);
  expect(one).not.toContain('canary');
  expect(sealedWith(one)).toBe(keys[0].id);
});

test('old keys open what they sealed, the first key seals', () => {
  const old = newKeys();
  const sealed = seal('secret', acme, old[0]);
  expect(unseal(sealed, acme, [keys[0], old[0]])).toBe('secret');
});

test('without a key the error says what to set', () => {
  expect(() => unseal(seal('secret', acme, keys[0]), acme, undefined)).toThrow(/set MARTLET_MASTER_KEY/);
});
