import { exportSPKI, type JWTPayload, SignJWT } from 'jose';
import { expect, onTestFinished, test, vi } from 'vitest';
import { digestOf } from '../../src/auth/key-ring.ts';
import { TokenCache } from '../../src/auth/token-cache.ts';
import { createTokenVerifier, KeysUnavailableError, type TokenVerifierOptions } from '../../src/auth/token-verifier.ts';
import { type Issuer, startIssuer, tokenSettings } from './issuer.ts';

const verifierOf = (issuer: Issuer, options: Partial<TokenVerifierOptions> = {}) =>
  createTokenVerifier({ settings: tokenSettings(issuer), fetch, ...options });

test.each(['ES256', 'RS256', 'EdDSA'] as const)(
  'a token signed with %s says who, with which scopes and apps',
  async (alg) => {
    const issuer = await startIssuer(alg);
    const exp = Math.floor(Date.now() / 1000) + 100;
    const token = await issuer.token({ scope: 'push openid read', apps: ['acme', 'Other'], exp });
    expect(await verifierOf(issuer)(token)).toEqual({
      principal: {
        kind: 'token',
        name: 'service-a',
        scopes: new Set(['push', 'read']),
        apps: new Set(['acme', 'other']),
        rateLimit: 0,
        expiresAt: (exp + 30) * 1000,
      },
      expiresAt: (exp + 30) * 1000,
    });
  },
);

test('scopes may be a list, and no claim of apps means all', async () => {
  const issuer = await startIssuer();
  const verified = await verifierOf(issuer)(await issuer.token({ scopes: ['admin'], sub: '', client_id: 'cli' }));
  expect(verified?.principal).toMatchObject({ name: 'cli', scopes: new Set(['admin']), apps: undefined });
});

test('a claim of apps that is none allows no app', async () => {
  const issuer = await startIssuer();
  const verified = await verifierOf(issuer)(await issuer.token({ scope: 'push', apps: { acme: true } }));
  expect(verified?.principal.apps).toEqual(new Set());
});

test.each([
  ['of another issuer', { iss: 'https://evil.example' }],
  ['for another audience', { aud: 'somebody-else' }],
  ['that is over', { exp: 1_700_000_000 }],
  ['that never ends', { exp: undefined }],
  ['that has not begun', { nbf: Math.floor(Date.now() / 1000) + 3600 }],
])('a token %s is not valid', async (_, claims) => {
  const issuer = await startIssuer();
  expect(await verifierOf(issuer)(await issuer.token(claims as never))).toBe(undefined);
});

test('clocks may differ by half a minute', async () => {
  const issuer = await startIssuer();
  const now = Math.floor(Date.now() / 1000);
  const verify = verifierOf(issuer, { now: () => now * 1000 });
  expect(await verify(await issuer.token({ exp: now - 25, nbf: now + 25 }))).toBeDefined();
  expect(await verify(await issuer.token({ exp: now - 35 }))).toBe(undefined);
  expect(await verify(await issuer.token({ nbf: now + 35 }))).toBe(undefined);
});

test('the keys of the issuer are kept for ten minutes', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const issuer = await startIssuer();
  const verify = verifierOf(issuer);
  const later = async (ms: number): Promise<number> => {
    vi.setSystemTime(Date.now() + ms);
    expect(await verify(await issuer.token())).toBeDefined();
    return issuer.requests();
  };
  expect(await later(0)).toBe(1);
  expect(await later(590_000)).toBe(1);
  expect(await later(20_000)).toBe(2);
});

test('logs call the caller by sub, else by client_id or azp', async () => {
  const issuer = await startIssuer();
  const nameOf = async (claims: JWTPayload) => (await verifierOf(issuer)(await issuer.token(claims)))?.principal.name;
  expect(await nameOf({ sub: 's', client_id: 'c', azp: 'a' })).toBe('s');
  expect(await nameOf({ sub: '', client_id: 'c', azp: 'a' })).toBe('c');
  expect(await nameOf({ sub: '', azp: 'a' })).toBe('a');
});

test('a token of somebody else, with or without the name of our key, is not valid', async () => {
  const issuer = await startIssuer();
  const other = await startIssuer();
  expect(await verifierOf(issuer)(await other.token())).toBe(undefined);
  expect(await verifierOf(issuer)(await other.token({}, { kid: 'unknown' }))).toBe(undefined);
});

test('neither no signature nor one with the public key as a secret counts', async () => {
  const issuer = await startIssuer('RS256');
  const claims = { iss: 'https://issuer.example', aud: 'martlet', exp: Math.floor(Date.now() / 1000) + 300 };
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  expect(await verifierOf(issuer)(`${encode({ alg: 'none' })}.${encode(claims)}.`)).toBe(undefined);
  const secret = new TextEncoder().encode(await exportSPKI(issuer.publicKey()));
  const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'key-1' }).sign(secret);
  expect(await verifierOf(issuer)(forged)).toBe(undefined);
});

test('only the signatures that are listed count', async () => {
  const issuer = await startIssuer('RS256');
  const settings = { ...tokenSettings(issuer), algorithms: ['ES256'] };
  expect(await verifierOf(issuer, { settings })(await issuer.token())).toBe(undefined);
});

test('a new key of the issuer is fetched when a token names it, at most once in a while', async () => {
  const issuer = await startIssuer();
  const eager = verifierOf(issuer, { cooldownMs: 0 });
  const patient = verifierOf(issuer);
  for (const verify of [eager, patient]) expect(await verify(await issuer.token())).toBeDefined();
  const asked = issuer.requests();
  await issuer.rotate();
  expect(await eager(await issuer.token())).toBeDefined();
  expect(issuer.requests()).toBe(asked + 1);
  for (let i = 0; i < 5; i++) expect(await patient(await issuer.token())).toBe(undefined);
  expect(issuer.requests()).toBe(asked + 1);
});

test('while the keys cannot be had nothing is said about a token', async () => {
  const issuer = await startIssuer();
  const verify = verifierOf(issuer, { pauseMs: 0 });
  issuer.fail(true);
  await expect(verify(await issuer.token())).rejects.toThrow(KeysUnavailableError);
  issuer.fail(false);
  expect(await verify(await issuer.token())).toBeDefined();
});

test('a valid token is not checked again for a minute, nor beyond its end', async () => {
  const issuer = await startIssuer();
  let now = Date.now();
  let checks = 0;
  const verify = verifierOf(issuer, { now: () => now });
  const cache = new TokenCache({
    verify: (token) => {
      checks++;
      return verify(token);
    },
    now: () => now,
  });
  const token = await issuer.token();
  const digest = digestOf(token);
  expect(cache.known(digest)).toBe(undefined);
  await cache.check(token, digest);
  expect(cache.known(digest)?.name).toBe('service-a');
  now += 60_001;
  expect(cache.known(digest)).toBe(undefined);
  const short = await issuer.token({ exp: Math.floor(now / 1000) + 5 });
  await cache.check(short, digestOf(short));
  now += 36_000;
  expect(cache.known(digestOf(short))).toBe(undefined);
  expect(checks).toBe(2);
});
