import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { createApnsTokenSource } from '../../src/apns/token.ts';
import type { TokenSource } from '../../src/carrier/token-source.ts';

const MINUTE = 60_000;
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

async function tokenOf(tokens: TokenSource): Promise<string> {
  const answer = await tokens.get();
  if ('token' in answer) return answer.token;
  throw new Error(answer.outcome.error);
}

function source() {
  const clock = { now: 1_700_000_000_000 };
  const tokens = createApnsTokenSource({ key: privateKey, keyId: 'KEY', teamId: 'TEAM', now: () => clock.now });
  return { clock, tokens };
}

test('a token has the claims that Apple wants, and no others', async () => {
  const { tokens } = source();
  const token = await tokenOf(tokens);
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', kid: 'KEY' });
  expect(decodeJwt(token)).toEqual({ iss: 'TEAM', iat: 1_700_000_000 });
  await expect(jwtVerify(token, publicKey)).resolves.toBeDefined();
});

test('nothing is signed before somebody asks, and all who ask at once get the same token', async () => {
  const { tokens } = source();
  expect(tokens.cached()).toBeUndefined();
  const all = await Promise.all(Array.from({ length: 50 }, () => tokenOf(tokens)));
  expect(new Set(all).size).toBe(1);
  expect(tokens.cached()).toBe(all[0]);
});

test('a day of pushes takes at most 32 tokens, and none is used for longer than an hour', async () => {
  const { clock, tokens } = source();
  const used = new Set<string>();
  for (let minute = 0; minute < 24 * 60; minute++, clock.now += MINUTE) {
    const token = tokens.cached() ?? (await tokenOf(tokens));
    used.add(token);
    expect(clock.now / 1000 - (decodeJwt(token).iat as number)).toBeLessThan(3600);
  }
  expect(used.size).toBeLessThanOrEqual(32);
});

test('many pushes refused with one expired token lead to one renewal', async () => {
  const { tokens } = source();
  const first = await tokenOf(tokens);
  for (let i = 0; i < 1000; i++) tokens.invalidate(first);
  expect(tokens.cached()).toBeUndefined();
  const second = await tokenOf(tokens);
  expect(second).not.toBe(first);
  for (let i = 0; i < 1000; i++) tokens.invalidate(first);
  expect(tokens.cached()).toBe(second);
});

test('a replacement that is refused in its turn is kept for 20 minutes', async () => {
  const { clock, tokens } = source();
  tokens.invalidate(await tokenOf(tokens));
  const second = await tokenOf(tokens);
  tokens.invalidate(second);
  clock.now += 19 * MINUTE;
  tokens.invalidate(second);
  expect(tokens.cached()).toBe(second);
  clock.now += MINUTE;
  tokens.invalidate(second);
  expect(await tokenOf(tokens)).not.toBe(second);
});

test('a clock that is set back by hours does not keep a token from the future', async () => {
  const { clock, tokens } = source();
  const first = await tokenOf(tokens);
  clock.now -= 3 * 60 * MINUTE;
  expect(await tokenOf(tokens)).not.toBe(first);
});

test('a key that cannot sign rejects all who wait, and the next to ask tries again', async () => {
  const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const tokens = createApnsTokenSource({ key: rsa, keyId: 'KEY', teamId: 'TEAM' });
  await expect(tokenOf(tokens)).rejects.toThrow();
  await expect(tokenOf(tokens)).rejects.toThrow();
  expect(tokens.cached()).toBeUndefined();
});

test('a key that cannot sign is the outcome of the pushes, and is remembered until one can', async () => {
  const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const tokens = createApnsTokenSource({ key: rsa, keyId: 'KEY', teamId: 'TEAM' });
  expect(tokens.lastFailure()).toBeUndefined();
  const answer = await tokens.get();
  expect(answer).toMatchObject({ outcome: { category: 'credential', reason: 'SigningFailed' } });
  expect(tokens.lastFailure()).toMatchObject({ reason: 'SigningFailed' });
  expect(source().tokens.lastFailure()).toBeUndefined();
});
