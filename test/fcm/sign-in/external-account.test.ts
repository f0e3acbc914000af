import { describe, expect, test } from 'vitest';
import { loadFcmCredential } from '../../../src/fcm/credentials.ts';
import { ConfigError } from '../../../src/kit/errors.ts';

const AUDIENCE = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/p';
const WORKFORCE = '//iam.googleapis.com/locations/global/workforcePools/pool/providers/p';
const IAM = 'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b.example:generateAccessToken';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';

const external = (more: object = {}) => ({
  type: 'external_account',
  audience: AUDIENCE,
  subject_token_type: JWT,
  token_url: 'https://sts.googleapis.com/v1/token',
  credential_source: { file: '/token' },
  ...more,
});
const user = { type: 'authorized_user', client_id: 'i', client_secret: 's', refresh_token: 'r' };
const impersonated = (more: object = {}) => ({
  type: 'impersonated_service_account',
  service_account_impersonation_url: IAM,
  source_credentials: user,
  ...more,
});
const load = (fields: object, more: { project_id?: string } = { project_id: 'p' }, env = {}) =>
  loadFcmCredential({ key_path: '', credential: JSON.stringify(fields), ...more }, env);

test('an external account is read as gcloud writes it', () => {
  const written = external({
    service_account_impersonation_url: IAM,
    service_account_impersonation: { token_lifetime_seconds: 2800 },
    credential_source: {
      url: 'http://169.254.169.254/metadata/identity/oauth2/token?resource=x',
      headers: { Metadata: 'True' },
      format: { type: 'json', subject_token_field_name: 'access_token' },
    },
  });
  expect(load(written)).toEqual({
    type: 'external_account',
    projectId: 'p',
    audience: AUDIENCE,
    subjectTokenType: JWT,
    tokenUrl: 'https://sts.googleapis.com/v1/token',
    source: {
      type: 'url',
      url: 'http://169.254.169.254/metadata/identity/oauth2/token?resource=x',
      headers: { Metadata: 'True' },
      format: { type: 'json', field: 'access_token' },
    },
    impersonation: { url: IAM, lifetime: 2800, delegates: [] },
  });
});

test('what may be left out has the values of Google’s client', () => {
  const read = load({ ...external({ credential_source: { environment_id: 'aws1' } }), token_url: undefined });
  expect(read).toMatchObject({
    tokenUrl: 'https://sts.googleapis.com/v1/token',
    source: {
      type: 'aws',
      verificationUrl: 'https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15',
    },
  });
  expect(load(external({ service_account_impersonation_url: IAM }))).toMatchObject({
    source: { type: 'file', file: '/token', format: { type: 'text' } },
    impersonation: { lifetime: 3600 },
  });
});

test.each([
  [impersonated({ delegates: ['x@y.example'] }), { delegates: ['x@y.example'] }, 'authorized_user'],
  [impersonated({ source_credentials: external() }), { delegates: [] }, 'external_account'],
])('%# an impersonated service account has a source that signs in', (fields, impersonation, type) => {
  expect(load(fields)).toMatchObject({
    type: 'impersonated_service_account',
    impersonation: { url: IAM, lifetime: 3600, ...impersonation },
    source: { type, projectId: 'p' },
  });
});

describe('the project', () => {
  const own = external({ project_id: 'own', quota_project_id: 'quota' });
  test.each([
    [own, { project_id: 'setting' }, { GOOGLE_CLOUD_PROJECT: 'environment' }, 'setting'],
    [own, {}, { GOOGLE_CLOUD_PROJECT: 'environment' }, 'own'],
    [external({ quota_project_id: 'quota' }), {}, { GOOGLE_CLOUD_PROJECT: 'environment' }, 'environment'],
    [external({ quota_project_id: 'quota' }), {}, {}, 'quota'],
  ])('%# is that of the setting, the credential, the environment or the quota', (fields, more, env, expected) => {
    expect(load(fields, more, env).projectId).toBe(expected);
  });
});

describe('what cannot be used is named by its field', () => {
  const source = (credential_source: unknown) => external({ credential_source });
  const cases: [object, string][] = [
    [external({ audience: '' }), 'the credential has no audience'],
    [external({ subject_token_type: undefined }), 'the credential has no subject_token_type'],
    [external({ token_url: 'file:///etc/passwd' }), 'token_url is not a URL: file:///etc/passwd'],
    [external({ service_account_impersonation_url: 'iam' }), 'service_account_impersonation_url is not a URL: iam'],
    [
      external({
        service_account_impersonation_url: IAM,
        service_account_impersonation: { token_lifetime_seconds: 60 },
      }),
      'service_account_impersonation.token_lifetime_seconds is not a whole number from 600 to 43200',
    ],
    [external({ workforce_pool_user_project: '1' }), 'workforce_pool_user_project is for an audience of a workforce'],
    [source(undefined), 'credential_source is missing'],
    [source('x'), 'credential_source is not an object'],
    [source({}), 'credential_source has none of file, url and environment_id'],
    [source({ file: 5 }), 'credential_source.file is not a text'],
    [source({ url: 'ftp://x' }), 'credential_source.url is not a URL: ftp://x'],
    [source({ url: 'https://x.example', headers: { a: 'b\r\nc' } }), 'credential_source.headers are not texts'],
    [source({ url: 'https://x.example', headers: { 'a b': 'c' } }), 'credential_source.headers are not texts'],
    [source({ file: '/t', format: { type: 'xml' } }), 'credential_source.format.type must be text or json'],
    [
      source({ file: '/t', format: { type: 'json' } }),
      'the credential has no credential_source.format.subject_token_field_name',
    ],
    [source({ environment_id: 'aws2' }), 'credential_source.environment_id must be aws1'],
    [source({ environment_id: 'aws1', region_url: 'x' }), 'credential_source.region_url is not a URL: x'],
    [
      source({ environment_id: 'aws1', regional_cred_verification_url: 'http://x' }),
      'credential_source.regional_cred_verification_url is not an https:// URL',
    ],
    [source({ executable: { command: 'sh' } }), 'credential_source.executable is not supported'],
    [source({ certificate: {} }), 'credential_source.certificate is not supported'],
    [impersonated({ source_credentials: undefined }), 'source_credentials is missing'],
    [impersonated({ source_credentials: {} }), 'source_credentials.type must be "service_account" or'],
    [
      impersonated({ source_credentials: impersonated() }),
      'source_credentials.type must be "service_account" or "authorized_user" or "external_account", found "impersonated',
    ],
    [
      impersonated({ source_credentials: { ...user, refresh_token: '' } }),
      'the credential has no source_credentials.refresh_token',
    ],
    [
      impersonated({ service_account_impersonation_url: '' }),
      'the credential has no service_account_impersonation_url',
    ],
    [impersonated({ delegates: [1] }), 'delegates is not a list of texts'],
    [external({ quota_project_id: 'a b' }), 'quota_project_id is not a project id'],
  ];
  test.each(cases)('%# %j', (fields, message) => {
    expect(() => load(fields)).toThrow(ConfigError);
    expect(() => load(fields)).toThrow(`android.credential: ${message}`);
  });

  test('a project of the setting by the setting', () => {
    expect(() => load(external(), { project_id: 'a/b' })).toThrow('android.project_id: not a project id: a/b');
  });
});

test('a workforce pool may have a project for its users', () => {
  expect(load(external({ audience: WORKFORCE, workforce_pool_user_project: '12' }))).toMatchObject({
    userProject: '12',
  });
});
