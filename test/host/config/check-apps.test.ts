import { expect, test } from 'vitest';
import { loadApnsCredential } from '../../../src/apns/credentials.ts';
import { loadFcmCredential } from '../../../src/fcm/credentials.ts';
import { loadConfig } from '../../../src/host/config/load.ts';
import { ConfigError } from '../../../src/kit/errors.ts';
import { folderWith } from '../../tls/tls-kit.ts';

function mistakesOf(text: string, env: Record<string, string> = {}): string {
  const folder = folderWith({ 'config.yml': text });
  try {
    loadConfig({
      path: `${folder}/config.yml`,
      env,
      cwd: folder,
      tryCredentials: {
        ios: (config) => loadApnsCredential(config.ios),
        android: (config) => loadFcmCredential(config.android, {}),
      },
    });
    return '';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message;
  }
}

test('a credential of an app that cannot be used is told under its name', () => {
  expect(mistakesOf('apps: {acme: {ios: {key_path: no.p8, key_id: A, team_id: B}}}')).toContain(
    'apps.acme.ios.key_path: certificate file does not exist',
  );
  expect(mistakesOf('apps: {acme: {ios: {key_base64: bm9uZQ==, key_type: p8, key_id: A, team_id: B}}}')).toMatch(
    /apps\.acme\.ios\.key_base64: no private key/,
  );
  expect(mistakesOf('apps: {acme: {android: {credential: "{}"}}}')).toMatch(/apps\.acme\.android\.credential: /);
  expect(mistakesOf('apps: {acme: {huawei: {appid: "1"}}}')).toContain('apps.acme.huawei.appsecret: missing');
});

test('a platform that an app turns on with nobody having a credential is told', () => {
  expect(mistakesOf('apps: {acme: {android: {enabled: true}}}')).toContain('apps.acme.android.key_path: missing fcm');
});

test('a platform that an app turns off needs no credential that can be used', () => {
  expect(mistakesOf('apps: {acme: {ios: {enabled: false, key_path: no.p8}}}')).toBe('');
});

test('a name that no request could say is told', () => {
  expect(mistakesOf('apps: {"a b": {default_topic: x}}')).toContain('apps.a b: a name may have');
  expect(mistakesOf('apps: {default: {default_topic: x}}')).toContain('apps.default: is the name of the sections');
  expect(mistakesOf('apps: {Default: {default_topic: x}}')).toContain('apps.Default: is the name of the sections');
});

test('a hook of an app must be public unless the file says so, and its secrets secrets', () => {
  const hook = (text: string) => mistakesOf(`apps: {acme: {webhook: {${text}}}}`);
  expect(hook('url: "http://127.0.0.1/x"')).toContain('apps.acme.webhook.url: must not lead to a private address');
  expect(hook('url: "http://127.0.0.1/x", allow_private: true')).toBe('');
  expect(hook('url: "https://hooks.example/x", secret: [abc]')).toContain('apps.acme.webhook.secret: must be whsec_');
});

test('where apps are, no platform of the default app need be on', () => {
  expect(mistakesOf('ios: {enabled: false}\nandroid: {enabled: false}')).toContain('please enable iOS');
  const off = 'android: {enabled: false}\n';
  expect(mistakesOf(`${off}apps: {acme: {huawei: {appid: "1", appsecret: s}}}`)).toBe('');
  expect(mistakesOf(off, { MARTLET_MASTER_KEY: 'x' })).toBe('');
});

test('two names that differ only in the case of their letters are one app', () => {
  const text = 'apps: {acme: {default_topic: x}, Acme: {default_topic: y}}';
  expect(mistakesOf(text)).toContain('apps.Acme: is apps.acme: the case of letters does not matter');
});
