import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type GoogleEnvironment, hasFcmCredential, loadFcmCredential } from '../../src/fcm/credentials.ts';
import { ConfigError } from '../../src/kit/errors.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const fields = {
  type: 'service_account',
  project_id: 'demo-project',
  private_key_id: 'kid1',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  client_email: 'push@demo-project.iam.gserviceaccount.com',
  token_uri: 'https://oauth2.googleapis.com/token',
};
const loaded = {
  type: 'service_account',
  projectId: 'demo-project',
  clientEmail: 'push@demo-project.iam.gserviceaccount.com',
  privateKeyId: 'kid1',
  tokenUri: 'https://oauth2.googleapis.com/token',
};
const user = { type: 'authorized_user', client_id: 'a', client_secret: 'b', refresh_token: 'c' };

const files: Record<string, string> = { '/k.json': JSON.stringify(fields), '/garbage.json': 'nope' };
function readFile(path: string): string {
  const text = files[path];
  if (text === undefined) throw Object.assign(new Error('x'), { code: path === '/dir' ? 'EISDIR' : 'ENOENT' });
  return text;
}
const load = (config: { key_path?: string; credential?: string }, env: GoogleEnvironment = {}) =>
  loadFcmCredential({ key_path: '', credential: '', ...config }, env, readFile);
const without = (name: keyof typeof fields) => JSON.stringify({ ...fields, [name]: undefined });

describe('a service account is taken', () => {
  test('from android.key_path', () => {
    expect(load({ key_path: '/k.json' })).toMatchObject(loaded);
  });

  test('from android.credential, as JSON or base64', () => {
    const json = JSON.stringify(fields);
    expect(load({ credential: json })).toMatchObject(loaded);
    expect(load({ credential: Buffer.from(json).toString('base64') })).toMatchObject(loaded);
  });

  test('from the file that GOOGLE_APPLICATION_CREDENTIALS names', () => {
    expect(load({}, { GOOGLE_APPLICATION_CREDENTIALS: '/k.json' })).toMatchObject(loaded);
  });

  test('with an old key, or one whose line ends are escaped', () => {
    const pkcs1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    expect(load({ credential: JSON.stringify({ ...fields, private_key: pkcs1 }) })).toMatchObject(loaded);
    const escaped = fields.private_key.replaceAll('\n', '\\n');
    expect(load({ credential: JSON.stringify({ ...fields, private_key: escaped }) })).toMatchObject(loaded);
  });

  test('with the project of the environment when it has none, and Google’s token_uri when it names none', () => {
    expect(load({ credential: without('project_id') }, { GCLOUD_PROJECT: 'other' })).toMatchObject({
      projectId: 'other',
    });
    expect(load({ credential: without('token_uri') })).toMatchObject(loaded);
  });
});

test('android.credential goes before android.key_path, and both before the environment', () => {
  const env = { GOOGLE_APPLICATION_CREDENTIALS: '/none', GCE_METADATA_HOST: 'x' };
  const other = JSON.stringify({ ...fields, project_id: 'inline' });
  expect(load({ credential: other, key_path: '/none' }, env).projectId).toBe('inline');
  expect(load({ key_path: '/k.json' }, env).projectId).toBe('demo-project');
});

test('an authorized user and a metadata server need the project of the environment', () => {
  const env = { GOOGLE_CLOUD_PROJECT: 'p' };
  expect(load({ credential: JSON.stringify(user) }, env)).toEqual({
    type: 'authorized_user',
    projectId: 'p',
    clientId: 'a',
    clientSecret: 'b',
    refreshToken: 'c',
    tokenUri: 'https://oauth2.googleapis.com/token',
  });
  expect(load({}, { ...env, GCE_METADATA_HOST: 'metadata.google.internal' })).toEqual({
    type: 'metadata_server',
    projectId: 'p',
    host: 'metadata.google.internal',
  });
});

test('it is known without loading whether there is anything to load', () => {
  expect(hasFcmCredential({ key_path: '', credential: '' }, {})).toBe(false);
  expect(hasFcmCredential({ key_path: '/none', credential: '' }, {})).toBe(true);
  expect(hasFcmCredential({ key_path: '', credential: '' }, { GOOGLE_APPLICATION_CREDENTIALS: 'x' })).toBe(true);
});

describe('what cannot be used is named', () => {
  const cases: [string, Parameters<typeof load>, string][] = [
    ['nothing at all', [{}], 'missing fcm credential data'],
    ['a missing file', [{ key_path: '/nope.json' }], 'android.key_path: no such file: /nope.json'],
    [
      'a missing file of the environment',
      [{}, { GOOGLE_APPLICATION_CREDENTIALS: '/nope.json' }],
      'GOOGLE_APPLICATION_CREDENTIALS: no such file: /nope.json',
    ],
    [
      'a key in the place of its path',
      [{ key_path: '{"private_key":"SECRET"}' }],
      'android.key_path: must be the path of a file',
    ],
    ['a folder', [{ key_path: '/dir' }], 'android.key_path: cannot be read (EISDIR): /dir'],
    [
      'a file of something else',
      [{ key_path: '/garbage.json' }],
      'android.key_path: not the JSON of a service account: /garbage.json',
    ],
    [
      'an inline credential of something else',
      [{ credential: 'x' }],
      'android.credential: neither JSON nor JSON in base64',
    ],
    ['no type', [{ credential: without('type') }], 'android.credential: expected credential type "service_account"'],
    ['a type that is not known', [{ credential: '{"type":"gdch_service_account"}' }], 'found "gdch_service_account"'],
    ['no project', [{ credential: without('project_id') }], 'android.credential: project ID is required'],
    ['no project for a user', [{ credential: JSON.stringify(user) }], 'android.credential: project ID is required'],
    ['no project for a metadata server', [{}, { GCE_METADATA_HOST: 'x' }], 'GCE_METADATA_HOST: project ID is required'],
    ['no address', [{ credential: without('client_email') }], 'android.credential: the credential has no client_email'],
    ['no key', [{ credential: without('private_key') }], 'android.credential: the credential has no private_key'],
    [
      'a key that is none',
      [{ credential: JSON.stringify({ ...fields, private_key: 'SECRET' }) }],
      'android.credential: private_key is not an RSA key in PEM',
    ],
    [
      'an address that is none',
      [{ credential: JSON.stringify({ ...fields, token_uri: 'file:///etc' }) }],
      'android.credential: token_uri is not a URL: file:///etc',
    ],
  ];
  test.each(cases)('%s', (_, args, message) => {
    let thrown: unknown;
    try {
      load(...args);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigError);
    expect((thrown as ConfigError).message).toContain(message);
    expect(String((thrown as ConfigError).stack)).not.toContain('SECRET');
  });
});

describe('a service account that was copied', () => {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const json = (private_key: string): string =>
    JSON.stringify({ type: 'service_account', project_id: 'p', client_email: 'a@b.example', private_key });
  const read = (credential: string) => loadFcmCredential({ key_path: '', credential }, {});

  test.each([
    ['with \\n escaped twice', json(pem.replaceAll('\n', '\\n'))],
    ['with the line breaks of the key lost', json(pem.replaceAll('\n', ''))],
    ['with CR LF in the key', json(pem.replaceAll('\n', '\r\n'))],
    ['with line breaks in the text of the key, where JSON has none', json(pem).replaceAll('\\n', '\n')],
    ['in quotes', `'${json(pem)}'`],
    ['as a JSON text', JSON.stringify(json(pem))],
    ['with a byte order mark', `\uFEFF${json(pem)}`],
    [
      'in base64, in lines',
      (
        Buffer.from(json(pem))
          .toString('base64')
          .match(/.{1,76}/g) ?? []
      ).join('\n'),
    ],
    ['in base64, quoted', `"${Buffer.from(json(pem)).toString('base64')}"`],
    ['in base64url', Buffer.from(json(pem)).toString('base64url')],
  ])('%s is read', (_, credential) => {
    expect(read(credential)).toMatchObject({ type: 'service_account', projectId: 'p' });
  });

  test('from a file that Windows wrote is read', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'fcm-')), 'fcm.json');
    writeFileSync(path, Buffer.from(`\uFEFF${json(pem)}`, 'utf16le'));
    expect(loadFcmCredential({ key_path: path, credential: '' }, {})).toMatchObject({ projectId: 'p' });
    rmSync(dirname(path), { recursive: true });
  });
});
