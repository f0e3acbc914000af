import { expect, test } from 'vitest';
import { complaint, load } from '../../config/config-folder.ts';

const A = 'ab'.repeat(32);

test.each([
  ['auth: {keys: {a: {scopes: push}}}', 'auth.keys.a.sha256: must be given'],
  [
    `auth: {keys: {a: {sha256: ${A}}}}`,
    'auth.keys.a.scopes: must be a list of push, read, users, admin, and not empty',
  ],
  ['auth: {keys: {a: {sha256: my-key, scopes: push}}}', 'auth.keys.a.sha256: must be 64 hexadecimal digits each'],
  [
    `auth: {keys: {a: {sha256: ${A}, scopes: push}, b: {sha256: ${A.toUpperCase()}, scopes: push}}}`,
    'auth.keys.b.sha256: is that of a already',
  ],
  ['auth: {certificates: {a: {subject: CN=a, scopes: push}}}', 'auth.certificates: needs core.client_ca, and core.ssl'],
  ['core: {client_ca: ca.pem}', 'core.client_ca: needs core.ssl or core.auto_tls.enabled'],
  ['auth: {certificates: {a: {subject: a, scopes: push}}}', 'auth.certificates.a.subject: must be CN=name'],
  ['auth: {jwks_url: "http://keys.example/", issuer: i, audience: a}', 'auth.jwks_url: must be an https:// URL'],
  ['auth: {jwks_url: "https://keys.example/", audience: a}', 'auth.issuer: must be given with auth.jwks_url'],
  ['auth: {jwks_url: "https://keys.example/", issuer: i}', 'auth.audience: must be given with auth.jwks_url'],
  ['auth: {user_claims: sub}', 'auth.user_claims: needs auth.jwks_url, and hub.enabled: true'],
  ['core: {admin_address: nowhere}', 'core.admin_address: must be host:port or [::1]:port, is "nowhere"'],
])('%s is refused: %s', (yaml, text) => {
  expect(complaint(() => load(yaml))).toContain(text);
});

test('a key itself in the place of its digest is not shown', () => {
  const message = complaint(() => load('auth: {keys: {a: {sha256: canary-of-a-key, scopes: push}}}'));
  expect(message).not.toContain('canary');
});

test('the keys of a loopback server may come without TLS', () => {
  const yaml = 'auth: {jwks_url: "http://127.0.0.1:1/jwks", issuer: i, audience: a}';
  expect(load(yaml).config.auth.audience).toEqual(['a']);
});

test('two digests of one name overlap while a key is replaced', () => {
  const yaml = `auth: {keys: {a: {sha256: [${A}, ${'12'.repeat(32)}], scopes: push}}}`;
  expect(load(yaml).config.auth.keys.a?.sha256).toEqual([A, '12'.repeat(32)]);
});

test('a key of digits alone is not taken for a number', () => {
  const digits = '1'.repeat(64);
  expect(load(`auth: {keys: {a: {sha256: ${digits}, scopes: push}}}`).config.auth.keys.a?.sha256).toEqual([digits]);
});
