import https from 'node:https';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../support/sandbox-of-three.ts';
import { assertion, seconds } from './provider-client.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

/** Over HTTP/1.1, as most OAuth clients do. */
function signIn(form: Record<string, string>): Promise<{ status: number; json: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const request = https.request(sandbox.tokenUri, { method: 'POST', ca: sandbox.ca, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, json: JSON.parse(text) }));
    });
    request.on('error', reject);
    request.end(new URLSearchParams(form).toString());
  });
}
const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const claim = (claims: object = {}) => signIn({ grant_type, assertion: assertion(sandbox, claims) });

test('a right assertion gets an access token, and is counted', async () => {
  const before = sandbox.signIns().google;
  expect(await claim()).toEqual({
    status: 200,
    json: { access_token: expect.stringMatching(/^ya29\./), expires_in: 3599, token_type: 'Bearer' },
  });
  expect(sandbox.signIns().google).toBe(before + 1);
});

test('wrong assertions are refused in Google’s words', async () => {
  const why = async (claims: object) => (await claim(claims)).json.error_description;
  expect(await why({ iss: 'someone@else' })).toBe('Invalid grant: account not found');
  expect(await why({ aud: 'https://elsewhere/token' })).toContain('audience');
  expect(await why({ iat: seconds() - 7200, exp: seconds() - 3600 })).toContain('short-lived token');
  expect(await why({ exp: seconds() + 7200 })).toContain('short-lived token');
  const forged = assertion(sandbox).replace(/[^.]+$/, 'AAAA');
  expect(await signIn({ grant_type, assertion: forged })).toEqual({
    status: 400,
    json: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' },
  });
  expect((await signIn({ grant_type: 'password' })).json.error).toBe('unsupported_grant_type');
});
