import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { SIGNS_MS, UserTokenKeys } from '../../../src/auth/users/user-token-keys.ts';
import { ExpiredTokenError, isUserToken, UserTokens } from '../../../src/auth/users/user-tokens.ts';
import { openHubStore } from '../../../src/hub/storage/open-hub-store.ts';
import type { HubStore } from '../../../src/hub/storage/storage.ts';

const HOUR = 3_600_000;

class Clock {
  now = 1_800_000_000_000;
}

async function openStore(): Promise<HubStore> {
  const store = await openHubStore({ path: '', postgres: '', master: undefined, tell: () => {} });
  onTestFinished(() => store.close());
  return store;
}

const instance = (store: HubStore, clock: Clock) => {
  const keys = new UserTokenKeys({ store, now: () => clock.now });
  return { keys, tokens: new UserTokens(keys, () => clock.now) };
};

async function open() {
  const [clock, store] = [new Clock(), await openStore()];
  return { clock, store, ...instance(store, clock) };
}

test('a token says whose it is: one person of one app, without any scope', async () => {
  const { clock, tokens } = await open();
  const { token, expiresAt } = await tokens.issue('shop', 'ädä/1', HOUR);
  expect(expiresAt).toBe(clock.now + HOUR);
  expect(isUserToken(token)).toBe(true);
  expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'ES256', typ: 'martlet-user+jwt' });
  const verified = await tokens.verify(token);
  expect(verified?.expiresAt).toBe(expiresAt);
  expect(verified?.principal).toMatchObject({ kind: 'user', user: { app: 'shop', id: 'ädä/1', issuedAt: clock.now } });
  expect(verified?.principal.scopes.size).toBe(0);
  expect([...(verified?.principal.apps ?? [])]).toEqual(['shop']);
});

test('a token ends at its time, to the second', async () => {
  const { clock, tokens } = await open();
  const { token } = await tokens.issue('shop', 'ada', HOUR);
  clock.now += HOUR - 1000;
  expect(await tokens.verify(token)).toBeDefined();
  clock.now += 1000;
  await expect(tokens.verify(token)).rejects.toBeInstanceOf(ExpiredTokenError);
});

test('instances on one store have one key, also when they begin at once', async () => {
  const [clock, store] = [new Clock(), await openStore()];
  const instances = Array.from({ length: 5 }, () => instance(store, clock));
  const issued = await Promise.all(instances.map(({ tokens }) => tokens.issue('shop', 'ada', HOUR)));
  expect(new Set(issued.map(({ token }) => decodeProtectedHeader(token).kid)).size).toBe(1);
  clock.now += 1000;
  for (const { tokens } of instances)
    for (const { token } of issued) expect((await tokens.verify(token))?.principal.user?.id).toBe('ada');
});

test('after 30 days the next key signs, the one before counts until its tokens have ended, and then it is gone', async () => {
  const { clock, store, tokens } = await open();
  const other = instance(store, clock);
  const old = await tokens.issue('shop', 'ada', 24 * HOUR);
  clock.now += SIGNS_MS - 1;
  const last = await tokens.issue('shop', 'ada', 24 * HOUR);
  clock.now += 1;
  const next = await tokens.issue('shop', 'ada', HOUR);
  const kid = (token: string) => decodeProtectedHeader(token).kid;
  expect(kid(last.token)).toBe(kid(old.token));
  expect(kid(next.token)).not.toBe(kid(old.token));
  clock.now += 1000;
  for (const { token } of [last, next]) expect(await other.tokens.verify(token)).toBeDefined();
  clock.now += SIGNS_MS;
  await tokens.issue('shop', 'ada', HOUR);
  clock.now += 1000;
  const third = instance(store, clock);
  expect(await third.keys.find(kid(old.token) as string)).toBeUndefined();
  expect(await third.keys.find(kid(next.token) as string)).toBeDefined();
});

test('a token of an unknown key has the store asked once a second', async () => {
  const [clock, store] = [new Clock(), await openStore()];
  let reads = 0;
  const counted = {
    get db() {
      reads++;
      return store.db;
    },
    seal: store.seal,
    write: store.write.bind(store),
  };
  const tokens = new UserTokens(new UserTokenKeys({ store: counted, now: () => clock.now }), () => clock.now);
  const stranger = await (await open()).tokens.issue('shop', 'ada', HOUR);
  for (let i = 0; i < 50; i++) expect(await tokens.verify(stranger.token)).toBeUndefined();
  expect(reads).toBe(1);
  clock.now += 1000;
  expect(await tokens.verify(stranger.token)).toBeUndefined();
  expect(reads).toBe(2);
});

test('what is changed, forged, of another type or signed otherwise is not valid', async () => {
  const { clock, keys, tokens } = await open();
  const { token } = await tokens.issue('shop', 'ada', HOUR);
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const claims = decodeJwt(token);
  const { kid, sign } = await keys.current();
  const made = (typ: string, more: object = {}) =>
    new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg: 'ES256', typ, kid }).sign(sign);
  const stranger = (await generateKeyPair('ES256')).privateKey;
  const { x } = await exportJWK((await keys.current()).verify);
  const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const bob = encoded({ ...claims, sub: 'bob' });
  const forged = [
    `${header}.${bob}.${signature}`,
    `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
    `${encoded({ alg: 'none', typ: 'martlet-user+jwt', kid })}.${payload}.`,
    await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'martlet-user+jwt', kid }).sign(stranger),
    await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ: 'martlet-user+jwt', kid })
      .sign(Buffer.from(x as string, 'base64url')),
    await made('JWT'),
    await made('martlet-user+jwt', { iss: 'other' }),
    await made('martlet-user+jwt', { app: 'NO SUCH/APP' }),
    await made('martlet-user+jwt', { app: undefined }),
    await made('martlet-user+jwt', { sub: '..' }),
    await made('martlet-user+jwt', { exp: undefined }),
    'eyJ.eyJ.x',
    '',
  ];
  for (const each of forged) expect(await tokens.verify(each), each).toBeUndefined();
  expect(await made('martlet-user+jwt').then((again) => tokens.verify(again))).toBeDefined();
  clock.now += HOUR;
  expect(await tokens.verify(forged[0] as string), 'a forged one is not said to have expired').toBeUndefined();
});

test('the key that signs lies sealed in the store', async () => {
  const { keys, store } = await open();
  await keys.current();
  const { value } = await store.db
    .selectFrom('meta')
    .select('value')
    .where('key', '=', 'user_tokens.keys')
    .executeTakeFirstOrThrow();
  const [kept] = JSON.parse(store.seal.open(value, 'meta:user_tokens.keys')) as [{ jwk: { d: string } }];
  expect(kept.jwk.d).toMatch(/^[\w-]{43}$/);
  expect(value).not.toContain(kept.jwk.d);
});
