import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkSettings, normalSettings } from '../../../src/apps/store/check-settings.ts';
import { formMistakes } from '../../../src/apps/store/settings-form.ts';
import { mergePatch } from '../../../src/kit/json/merge-patch.ts';
import { makeAuthority } from '../../../src/sandbox/certificates.ts';

const rules = { allowPrivate: false };

const pem = (key: { export(options: { type: 'pkcs8'; format: 'pem' }): string | Buffer }): string =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString();

const p8 = pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
const rsa = pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const account = (more: object = {}) => ({
  type: 'service_account',
  project_id: 'acme',
  client_email: 'push@acme.example',
  private_key: rsa,
  ...more,
});

const mistakes = (body: unknown, allowPrivate = false): string[] => {
  const form = formMistakes(body);
  const found = form.length > 0 ? form : checkSettings(normalSettings(body), { allowPrivate }).mistakes;
  return found.map(({ path, reason }) => `${path}: ${reason}`);
};

test.each([
  [{}, []],
  [[], ['$: must be an object']],
  ['text', ['$: must be an object']],
  [null, ['$: must be an object']],
  [{ ios: 1 }, ['ios: must be an object']],
  [{ rate_limit: 'many' }, ['rate_limit: must be a number (per second), 0 or more']],
  [{ rate_limit: -1 }, ['rate_limit: must be a number (per second), 0 or more']],
  [{ limits: { tokens: 1.5 } }, ['limits.tokens: must be a whole number, 0 or more']],
  [{ ios: { production: 'yes' } }, ['ios.production: must be true or false']],
  [{ ios: { key_type: 'p7' } }, ['ios.key_type: must be one of p8, pem, p12']],
  [{ webhook: { headers: 'a: b' } }, ['webhook.headers: must be a list of texts']],
  [{ webhook: { headers: [1] } }, ['webhook.headers: must be a list of texts']],
  [{ ios: { keyid: 'x' } }, ['ios.keyid: unknown key, did you mean `ios.key_id`?']],
  [{ iso: {} }, ['iso: unknown key, did you mean `ios`?']],
  [{ 'canary canary': 1 }, ['$: holds an unknown key']],
  [JSON.parse('{"__proto__": {"a": 1}}'), ['__proto__: unknown key']],
  [JSON.parse('{"ios": {"constructor": {}}}'), ['ios.constructor: unknown key']],
])('%j has the form of settings, or it is said where not', (body, expected) => {
  expect(mistakes(body)).toEqual(expected);
});

test.each([
  { ios: { key_path: '/etc/passwd' } },
  { ios: { endpoint: 'https://localhost' } },
  { ios: { sandbox_endpoint: 'https://localhost' } },
  { android: { key_path: '/etc/passwd' } },
  { android: { endpoint: 'https://localhost' } },
  { huawei: { auth_endpoint: 'https://localhost' } },
  { webhook: { allow_private: true } },
])('%j is not for callers to set', (body) => {
  expect(mistakes(body)).toEqual([expect.stringMatching(/a file cannot be named here|is set in config\.yml only/)]);
});

test.each([
  [{ ios: { key_base64: '???' } }, 'ios.key_base64: not base64'],
  [{ ios: { key_base64: base64('nothing') } }, 'ios.key_base64: cannot be read'],
  [{ ios: { key_base64: base64(p8) } }, 'ios.key_id: '],
  [{ ios: { key_base64: base64(p8), key_id: 'K' } }, 'ios.team_id: '],
  [{ ios: { key_base64: base64(rsa), key_id: 'K', team_id: 'T' } }, 'ios.key_base64: not a token key of APNs'],
  [{ android: { credential: 'canary' } }, 'android.credential: neither JSON nor'],
  [{ android: { credential: account({ project_id: '' }) } }, 'android.credential: project ID is required'],
  [{ android: { credential: account({ private_key: 'canary' }) } }, 'android.credential: private_key is not'],
  [{ huawei: { appid: '1' } }, 'huawei.appsecret: must be given'],
  [{ ntfy: { endpoint: 'http://<' } }, 'ntfy.endpoint: '],
  [{ huawei: { appsecret: 'canary' } }, 'huawei.appid: must be given'],
  [{ webhook: { url: 'https://a.example', secret: ['canary'] } }, 'webhook.secret: each must be whsec_'],
  [{ webhook: { url: 'https://a.example', headers: ['can ary: canary'] } }, 'webhook.headers: cannot be sent'],
])('%# a credential that cannot be used is told by its field, and not shown', (body, expected) => {
  const [first] = mistakes(body);
  expect(first).toContain(expected);
  expect(first).not.toContain('canary');
});

test('a P-256 key needs no type, a service account may be an object, a text, or base64', () => {
  const ios = { key_base64: base64(p8), key_id: 'ABC123DEFG', team_id: 'DEF123GHIJ' };
  for (const credential of [account(), JSON.stringify(account()), base64(JSON.stringify(account()))])
    expect(mistakes({ ios, android: { credential } })).toEqual([]);
  expect(normalSettings({ ios }).ios?.key_type).toBe('p8');
});

test('a certificate that has expired is refused', () => {
  const { cert, key } = makeAuthority().leaf(['push.example']);
  const settings = normalSettings({ ios: { key_base64: base64(`${cert}${key}`) } });
  expect(settings.ios?.key_type).toBe('pem');
  const { mistakes: none, facts } = checkSettings(settings, rules);
  expect(none).toEqual([]);
  const now = Date.parse(facts.ios?.not_after as string);
  expect(checkSettings(settings, { ...rules, now }).mistakes).toEqual([
    { path: 'ios.key_base64', reason: `the certificate expired at ${facts.ios?.not_after}` },
  ]);
});

const IAM = 'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b.example:generateAccessToken';
const external = (source: object) => ({
  type: 'external_account',
  project_id: 'acme',
  audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: 'https://attacker.example/token',
  credential_source: source,
});
const impersonated = (source: object, url = IAM) => ({
  type: 'impersonated_service_account',
  project_id: 'acme',
  service_account_impersonation_url: url,
  source_credentials: source,
});

describe.each([false, true])('with apps.allow_private_hooks: %j', (allowPrivate) => {
  test.each([
    { file: '/etc/passwd' },
    { url: 'http://169.254.169.254/latest/meta-data/iam/security-credentials/' },
    { url: 'https://public.example/token' },
    { environment_id: 'aws1' },
  ])('no caller has the relay read %j and send it elsewhere', (source) => {
    const why = 'android.credential: an external_account reads files and metadata of this machine';
    for (const credential of [external(source), impersonated(external(source))]) {
      expect(mistakes({ android: { credential } }, allowPrivate)).toEqual([expect.stringContaining(why)]);
      expect(mistakes({ android: { credential: JSON.stringify(credential) } }, allowPrivate)).toHaveLength(1);
    }
  });
});

test('a service account that acts as another is taken, with addresses that are public', () => {
  expect(mistakes({ android: { credential: impersonated(account()) } })).toEqual([]);
  const { facts } = checkSettings(normalSettings({ android: { credential: impersonated(account()) } }), rules);
  expect(facts.android).toEqual({
    has_key: true,
    kind: 'impersonated_service_account',
    project_id: 'acme',
    client_email: 'a@b.example',
  });
  const local = 'https://169.254.169.254/x';
  expect(mistakes({ android: { credential: impersonated(account(), local) } })).toEqual([
    expect.stringMatching(/^android\.credential: service_account_impersonation_url must/),
  ]);
  expect(mistakes({ android: { credential: impersonated(account({ token_uri: local })) } })).toEqual([
    expect.stringMatching(/^android\.credential: source_credentials\.token_uri must/),
  ]);
});

test('a project alone does not send with the credential of the default', () => {
  expect(mistakes({ android: { project_id: 'other' } })).toEqual([
    'android.credential: must be given with android.project_id',
  ]);
  expect(mistakes({ android: { project_id: 'other', credential: account() } })).toEqual([]);
});

test.each([
  'http://hooks.example/x',
  'https://127.0.0.1/x',
  'https://localhost/x',
  'https://169.254.169.254/latest/meta-data',
  'https://[::1]/x',
  'https://user:canary@hooks.example',
  'https://hooks.example:22',
  'file:///etc/passwd',
  'nonsense',
])('%s leads to no hook, and to no sign-in', (url) => {
  const found = mistakes({ webhook: { url }, android: { credential: account({ token_uri: url }) } });
  expect(found).toHaveLength(2);
  expect(found[0]).toMatch(/^webhook\.url: must/);
  expect(found[1]).toMatch(/^android\.credential: token_uri /);
  expect(found.join()).not.toContain('canary');
});

test.each([
  (json: string) => `\uFEFF${json}`,
  (json: string) => `"${base64(json)}"`,
  (json: string) => base64(`\uFEFF${json}`),
  (json: string) => JSON.stringify(json),
  (json: string) => `'${json}'`,
])('no spelling of a credential hides where it signs in (%#)', (spelled) => {
  const credential = spelled(JSON.stringify(account({ token_uri: 'http://169.254.169.254/latest' })));
  expect(mistakes({ android: { credential } })).toEqual(['android.credential: token_uri must be an https:// URL']);
});

test('of very many mistakes the first ones are told', () => {
  const unknown = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key${i}`, 1]));
  expect(mistakes(unknown)).toHaveLength(50);
});

test('private addresses are fine where the configuration says so', () => {
  const token_uri = 'http://127.0.0.1:9/token';
  expect(
    mistakes({ webhook: { url: 'http://10.0.0.1/x' }, android: { credential: account({ token_uri }) } }, true),
  ).toEqual([]);
});

test('a merge patch is that of RFC 7396', () => {
  const cases: [unknown, unknown, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: 'foo' }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, expected] of cases) expect(mergePatch(target, patch)).toEqual(expected);
  const merged = mergePatch({}, JSON.parse('{"__proto__": {"polluted": true}}')) as object;
  expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
  expect('polluted' in merged).toBe(false);
});
