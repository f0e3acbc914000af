import { expect, test } from 'vitest';
import { UserTokenKeys } from '../../../src/auth/users/user-token-keys.ts';
import { UserTokens } from '../../../src/auth/users/user-tokens.ts';
import { addPerson } from '../../hub/add-person.ts';
import { ask, bearer, type GuardedRelay, push, sha256, startGuardedRelay } from '../guarded-relay.ts';
import { startIssuer, tokenSettings } from '../issuer.ts';

const KEYS = {
  people: { sha256: sha256('people-key'), scopes: ['users'] },
  reader: { sha256: sha256('reader-key'), scopes: ['read'] },
};
const HUB = { enabled: true, path: '' };

const at = async ({ url }: GuardedRelay, token: string, path = '/v1/users/ada/tokens') =>
  ask(url + path, { method: 'POST', headers: bearer(token) });

/** A token as another instance on the same store would have made it then. */
const tokenOf = ({ hub }: GuardedRelay, now: number): Promise<string> => {
  const { store } = hub as NonNullable<GuardedRelay['hub']>;
  return new UserTokens(new UserTokenKeys({ store, now: () => now }), () => now)
    .issue('default', 'ada', 60_000)
    .then(({ token }) => token);
};

test('a phone with an expired token is told so, and locks nobody out, however often it comes', async () => {
  const relay = await startGuardedRelay({ auth: { keys: KEYS, max_failures: 3 }, hub: HUB });
  const old = await tokenOf(relay, Date.now() - 3_600_000);
  for (let i = 0; i < 10; i++) {
    const answer = await at(relay, old);
    expect(answer).toMatchObject({
      status: 401,
      text: JSON.stringify({ code: 401, message: 'The token has expired.' }),
    });
  }
  expect((await at(relay, await tokenOf(relay, Date.now()))).status, 'known, and not let this far').toBe(403);
  const figures = (await ask(`${relay.url}/metrics`, { headers: bearer('reader-key') })).text;
  expect(figures).toContain('martlet_auth_failures_total{reason="expired_token"} 10');
});

test('forged tokens are guesses', async () => {
  const relay = await startGuardedRelay({ auth: { keys: KEYS, max_failures: 3 }, hub: HUB });
  const token = await tokenOf(relay, Date.now());
  const statuses: number[] = [];
  for (let i = 0; i < 120; i++)
    statuses.push((await at(relay, `${token.slice(0, -6)}${String(i).padStart(6, 'A')}`)).status);
  expect(statuses[0]).toBe(401);
  expect(statuses).toContain(429);
});

test('a JWT of the issuer belongs to a person when a claim names one, and then to no back end', async () => {
  const issuer = await startIssuer();
  const auth = { ...tokenSettings(issuer), keys: KEYS, user_claims: ['account_id', 'sub'] };
  const relay = await startGuardedRelay({ auth, hub: HUB, log: { audit: 'stdout' } });
  await addPerson(relay.hub?.store, 'default', 'ada');
  const person = await issuer.token({ account_id: 'ada', scope: 'push users admin' });
  expect((await push(relay.url, bearer(person))).status).toBe(403);
  expect((await at(relay, person)).status).toBe(403);
  expect(relay.audited()).toContainEqual(
    expect.objectContaining({ who: expect.stringMatching(/^user#[\w-]{43}$/), by: 'user', status: 403 }),
  );
  expect(relay.lines()).not.toContain('user:ada');
  const bySubject = await issuer.token({ account_id: '', sub: 'bob', scope: 'push' });
  expect((await push(relay.url, bearer(bySubject))).status).toBe(403);
  const service = await issuer.token({ sub: '', client_id: 'service', scope: 'push' });
  expect((await push(relay.url, bearer(service))).status).toBe(200);
  for (const claims of [{ account_id: '..' }, { account_id: 'ada', apps: ['shop', 'news'] }])
    expect((await push(relay.url, bearer(await issuer.token(claims)))).status, JSON.stringify(claims)).toBe(401);
});

test('without auth.user_claims the tokens of the issuer are those of back ends, as before', async () => {
  const issuer = await startIssuer();
  const relay = await startGuardedRelay({ auth: tokenSettings(issuer), hub: HUB });
  expect((await push(relay.url, bearer(await issuer.token({ scope: 'push' })))).status).toBe(200);
});

test('a JWT of a person who was once deleted counts if it was made later; without iat never again', async () => {
  const issuer = await startIssuer();
  const auth = { ...tokenSettings(issuer), keys: KEYS, user_claims: ['account_id'] };
  const relay = await startGuardedRelay({ auth, hub: HUB });
  const { store } = relay.hub as NonNullable<GuardedRelay['hub']>;
  const now = Math.floor(Date.now() / 1000);
  const statusOf = async (claims: object): Promise<number> => {
    const token = await issuer.token({ account_id: 'ada', ...claims });
    return (await ask(`${relay.url}/v1/users/ada/settings`, { headers: bearer(token) })).status;
  };
  expect([await statusOf({}), await statusOf({ iat: now - 60 })]).toEqual([200, 200]);
  const erased = { app: 'default', hash: store.seal.hash('erased', 'default', 'ada'), at: (now - 30) * 1000 };
  await store.write((tx) => tx.insertInto('erased').values(erased).execute());
  expect(await statusOf({ iat: now - 60 })).toBe(401);
  expect(await statusOf({})).toBe(401);
  expect(await statusOf({ iat: now })).toBe(200);
});
