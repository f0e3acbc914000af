import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { createApnsTokenSource } from '../../src/apns/token.ts';

const MINUTE = 60_000;
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function source() {
  const clock = { now: 1_700_000_000_000 };
  const tokens = createApnsTokenSource({ key: privateKey, keyId: 'KEY', teamId: 'TEAM', now: () => clock.now });
  return { clock, tokens };
}

test('a token has the claims that Apple wants, and no others', async () => {
  const { tokens } = source();
  const token = await tokens.get();
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', kid: 'KEY' });
  expect(decodeJwt(token)).toEqual({ iss: 'TEAM', iat: 1_700_000_000 });
  await expect(jwtVerify(token, publicKey)).resolves.toBeDefined();
});

test('nothing is signed before somebody asks, and all who ask at once get the same token', async () => {
  const { tokens } = source();
  expect(tokens.cached()).toBeUndefined();
  const all = await Promise.all(Array.from({ length: 50 }, () => tokens.get()));
  expect(new Set(all).size).toBe(1);
  expect(tokens.cached()).toBe(all[0]);
});

test('a day of pushes takes at most 32 tokens, and none is used for longer than an hour', async () => {
  const { clock, tokens } = source();
  const used = new Set<string>();
  for (let minute = 0; minute < 24 * 60; minute++, clock.now += MINUTE) {
    const token = tokens.cached() ?? (await tokens.get());
    used.add(token);
    expect(clock.now / 1000 - (decodeJwt(token).iat as number)).toBeLessThan(3600);
  }
  expect(used.size).toBeLessThanOrEqual(32);
});

test('many pushes refused with one expired token lead to one renewal', async () => {
  const { tokens } = source();
  const first = await tokens.get();
  for (let i = 0; i < 1000; i++) tokens.invalidate(first);
  expect(tokens.cached()).toBeUndefined();
  const second = await tokens.get();
  expect(second).not.toBe(first);
  for (let i = 0; i < 1000; i++) tokens.invalidate(first);
  expect(tokens.cached()).toBe(second);
});

test('a replacement that is refused in its turn is kept for 20 minutes', async () => {
  const { clock, tokens } = source();
  tokens.invalidate(await tokens.get());
  const second = await tokens.get();
  tokens.invalidate(second);
  clock.now += 19 * MINUTE;
  tokens.invalidate(second);
  expect(tokens.cached()).toBe(second);
  clock.now += MINUTE;
  tokens.invalidate(second);
  expect(await tokens.get()).not.toBe(second);
});

test('a clock that is set back by hours does not keep a token from the future', async () => {
  const { clock, tokens } = source();
  const first = await tokens.get();
  clock.now -= 3 * 60 * MINUTE;
  expect(await tokens.get()).not.toBe(first);
});

test('a key that cannot sign rejects all who wait, and the next to ask tries again', async () => {
  const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const tokens = createApnsTokenSource({ key: rsa, keyId: 'KEY', teamId: 'TEAM' });
  await expect(tokens.get()).rejects.toThrow();
  await expect(tokens.get()).rejects.toThrow();
  expect(tokens.cached()).toBeUndefined();
});
