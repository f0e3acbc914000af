import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/host/config/load.ts';
import { ConfigError } from '../../../src/kit/errors.ts';
import { builtIn } from '../../../src/providers/registry.ts';
import { complaint, folderWith, load, yamlOf } from '../../config/config-folder.ts';

const REAL = { MARTLET_SANDBOX_ENABLED: 'false' };
const real = (yaml: string, env: Record<string, string> = {}) => load(yaml, { env: { ...REAL, ...env } });
const on = ({ config: { ios, android, huawei } }: ReturnType<typeof load>) => [
  ios.enabled,
  android.enabled,
  huawei.enabled,
];

const IOS = 'ios: {enabled: true, key_path: key.p8, key_id: A, team_id: B}\n';

test('an iOS-only file need not switch Android off: one line says that it is off', () => {
  const loaded = real(IOS);
  expect(on(loaded)).toEqual([true, false, false]);
  expect(loaded.warnings).toEqual([
    'android: off, as it has no credentials; set android.enabled: false to be rid of this line',
  ]);
});

test('Android is on by default as soon as it has credentials', () => {
  expect(on(real('android: {key_path: key.json}'))).toEqual([false, true, false]);
  expect(on(real('android: {credential: "{}"}'))).toEqual([false, true, false]);
});

test('credentials do not switch on what is off by default, but that is told', () => {
  const loaded = real('android: {key_path: key.json}\nios: {key_path: key.p8}\nhuawei: {appid: 1, appsecret: s}');
  expect(on(loaded)).toEqual([false, true, false]);
  expect(loaded.warnings).toHaveLength(2);
  expect(loaded.warnings[0]).toContain('set ios.enabled: true');
});

test('GOOGLE_APPLICATION_CREDENTIALS is the key file when no other credential is given', () => {
  const cwd = folderWith({ 'adc.json': '{}' });
  const env = { GOOGLE_APPLICATION_CREDENTIALS: 'adc.json' };
  const { config } = loadConfig({ env, cwd });
  expect(config.android.enabled).toBe(true);
  expect(complaint(() => loadConfig({ env, cwd: '/' }))).toBe('GOOGLE_APPLICATION_CREDENTIALS: no such file: adc.json');
});

test("the machine's own identity serves Android without a key", () => {
  expect(on(real('', { GCE_METADATA_HOST: 'metadata' }))).toEqual([false, true, false]);
});

test('what is wrong in the credentials is told with all the rest', () => {
  const cwd = folderWith({
    'config.yml': `${IOS}core: {port: "0"}\nandroid: {enabled: true, credential: x}`,
    'key.p8': '',
  });
  const bad = (key: string, text: string) => () => {
    throw new ConfigError(key, text);
  };
  const tryCredentials = {
    ios: bad('ios.key_path', 'no key'),
    android: bad('', 'missing data'),
    huawei: bad('', 'not asked'),
  };
  const message = complaint(() => loadConfig({ env: {}, cwd, tryCredentials }));
  expect(message.split('\n').slice(2)).toEqual([
    '- ios.key_path: no key [config.yml:1:22]',
    '- android: missing data [config.yml:3:1]',
  ]);
});

test('nothing enabled at all is an error that names the three switches and what is missing', () => {
  const message = complaint(() => real(''));
  expect(message).toContain('please enable iOS, Android or Huawei config in yml config');
  expect(message).toContain('missing fcm credential data');
  expect(complaint(() => real('android: {enabled: false}'))).not.toContain('fcm');
});

describe('with the sandbox', () => {
  test('all platforms are on that were not switched off, without credentials', () => {
    expect(on(load(''))).toEqual([true, true, true]);
    expect(on(load('huawei: {enabled: false}\nios: {key_path: gone.p8}'))).toEqual([true, true, false]);
  });

  test('something must be on all the same', () => {
    const yaml = builtIn.platforms.map((platform) => `${platform}: {enabled: false}`).join('\n');
    expect(complaint(() => load(yaml))).toContain('please enable iOS, Android or Huawei');
  });
});

test.each([
  [{ 'ios.key_path': '' }, 'ios.key_path: missing iOS certificate key'],
  [{ 'ios.key_path': 'gone.p8' }, 'ios.key_path: no such file: gone.p8 (certificate file does not exist)'],
  [{ 'ios.key_path': '.' }, 'ios.key_path: is a folder: .'],
  [
    { 'ios.key_path': 'key.json' },
    'ios.key_path: must be .p8, .p12 or .pem (Gorush: Cert Error:wrong certificate key extension)',
  ],
  [
    { 'ios.key_path': '', 'ios.key_base64': 'a', 'ios.key_type': 'x' },
    'ios.key_type: must be p8, p12 or pem (Gorush: Cert Error:wrong certificate key type)',
  ],
  [
    { 'ios.key_id': '' },
    'ios.key_id: must be given with a .p8 key (Gorush: Transport Error:you should provide ios.KeyID',
  ],
  [
    { 'ios.team_id': '' },
    'ios.team_id: must be given with a .p8 key (Gorush: Transport Error:you should provide ios.KeyID',
  ],
  [{ 'android.enabled': true }, 'android.key_path: missing fcm credential data'],
  [{ 'android.enabled': true, 'android.key_path': 'gone.json' }, 'android.key_path: no such file: gone.json'],
  [{ 'huawei.enabled': true, 'huawei.appid': '1' }, 'huawei.appsecret: missing huawei app secret'],
  [{ 'huawei.enabled': true, 'huawei.appsecret': 's' }, 'huawei.appid: missing huawei app id'],
])('%j is refused with the key that is to blame', (values, expected) => {
  const good = { 'ios.enabled': true, 'ios.key_path': 'key.p8', 'ios.key_id': 'A', 'ios.team_id': 'B' };
  expect(complaint(() => real(yamlOf({ ...good, ...values })))).toContain(expected);
});

test('a certificate needs no key id', () => {
  const cwd = folderWith({ 'a.p12': '', 'config.yml': 'ios: {enabled: true, key_path: a.p12}' });
  expect(loadConfig({ env: {}, cwd }).config.ios.enabled).toBe(true);
});

test.each(['-----BEGIN PRIVATE KEY-----canary', '{"private_key":"canary"}', 'line\ncanary'])(
  'a key in place of its path is not printed: %j',
  (key) => {
    const message = complaint(() =>
      real(yamlOf({ 'ios.enabled': true, 'ios.key_path': key, 'android.key_path': key })),
    );
    expect(message).toContain('ios.key_path: must be the path of a file; the key itself goes into ios.key_base64');
    expect(message).toContain(
      'android.key_path: must be the path of a file; the key itself goes into android.credential',
    );
    expect(message).not.toContain('canary');
  },
);

describe('for one push from the command line', () => {
  test('only that platform counts, whatever the file has on', () => {
    const yaml = `${IOS}android: {enabled: true}\nhuawei: {appid: 1, appsecret: s}\ngrpc: {enabled: true}`;
    expect(on(load(yaml, { env: REAL, purpose: 'huawei' }))).toEqual([false, false, true]);
  });

  test("mistakes have the words of Gorush's command line", () => {
    const message = complaint(() => load('', { env: REAL, purpose: 'android' }));
    expect(message).toContain('Failed to send notification: missing fcm credential data');
    expect(message).toContain('FCM server error: missing fcm credential data');
  });
});

test('the health check needs no platform at all', () => {
  expect(load('core: {port: 9}', { env: REAL, purpose: 'ping' }).config.core.port).toBe('9');
});
