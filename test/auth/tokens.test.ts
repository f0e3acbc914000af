import { expect, test } from 'vitest';
import { ask, bearer, push, startGuardedRelay } from './guarded-relay.ts';
import { startIssuer, tokenSettings } from './issuer.ts';

async function startWithIssuer() {
  const issuer = await startIssuer();
  const relay = await startGuardedRelay({ auth: tokenSettings(issuer), log: { audit: 'stdout' } });
  return { issuer, relay };
}

test('a token of the issuer lets in, within its scopes', async () => {
  const { issuer, relay } = await startWithIssuer();
  const headers = bearer(await issuer.token({ scope: 'push' }));
  expect((await push(relay.url, headers)).status).toBe(200);
  expect((await push(relay.url, headers)).status).toBe(200);
  expect((await ask(`${relay.url}/metrics`, { headers })).status).toBe(403);
  expect(issuer.requests()).toBe(1);
  expect(relay.audited()[0]).toMatchObject({ who: 'service-a', by: 'token', apps: { default: 2 }, status: 200 });
});

test('a token that is over, or no token at all, gets 401', async () => {
  const { issuer, relay } = await startWithIssuer();
  const old = await push(relay.url, bearer(await issuer.token({ scope: 'push', exp: 1_700_000_000 })));
  expect(old.status).toBe(401);
  expect(JSON.parse(old.text)).toEqual({ code: 401, message: 'The token is not valid.' });
  expect((await push(relay.url, bearer('eyJ.not.one'))).status).toBe(401);
});

test('while the keys of the issuer cannot be had a token gets 503, and nobody is locked out for it', async () => {
  const { issuer, relay } = await startWithIssuer();
  issuer.fail(true);
  const headers = bearer(await issuer.token({ scope: 'push' }));
  for (let i = 0; i < 12; i++) {
    const answer = await push(relay.url, headers);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('Retry-After')).toBe('5');
  }
  issuer.fail(false);
  await expect.poll(async () => (await push(relay.url, headers)).status).toBe(200);
});

test('a token with the claim apps pushes for those alone', async () => {
  const { issuer, relay } = await startWithIssuer();
  const headers = bearer(await issuer.token({ scope: 'push', apps: ['acme'] }));
  expect((await push(relay.url, headers, { platform: 2, tokens: ['t'], message: 'm', app: 'default' })).status).toBe(
    403,
  );
});

test('a good token is let in while others guess from its address; only so many a second are looked at', async () => {
  const { issuer, relay } = await startWithIssuer();
  const good = await issuer.token({ scope: 'push' });
  for (let i = 0; i < 12; i++) await push(relay.url, bearer(`guess-${i}`));
  expect((await push(relay.url, bearer('another-guess'))).status).toBe(429);
  const statuses = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => (await push(relay.url, bearer(`eyJhbGciOiJub25lIn0.not.${i}`))).status),
  );
  expect(statuses).toContain(401);
  expect(statuses).toContain(429);
  await expect.poll(async () => (await push(relay.url, bearer(good))).status).toBe(200);
});
