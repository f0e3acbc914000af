import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadConfig } from '../../../src/host/config/load.ts';
import { toError } from '../../../src/kit/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'forms-'));
afterAll(() => rmSync(folder, { recursive: true }));
const p8 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
writeFileSync(join(folder, 'key.p8'), p8);

const off = 'android: {enabled: false}\n';
const ios = (ids: string): string => `${off}ios: {enabled: true, key_path: ${join(folder, 'key.p8')}, ${ids}}\n`;
const sandbox = 'sandbox: {enabled: true}\n';

function load(yaml: string, env: Record<string, string> = {}) {
  const path = join(folder, 'config.yml');
  writeFileSync(path, yaml);
  return loadConfig({ path, env, cwd: folder, home: folder, tryCredentials: true }).config;
}

function mistakeOf(yaml: string, env: Record<string, string> = {}): string {
  try {
    load(yaml, env);
    return '';
  } catch (error) {
    return toError(error).message;
  }
}

test('a line break at the end of a setting is left out, wherever it comes from', () => {
  const block = `${off}huawei:\n  enabled: true\n  appid: |\n    100001\n  appsecret: |\n    geheim\n`;
  expect(load(block).huawei).toMatchObject({ appid: '100001', appsecret: 'geheim' });
  const env = { GORUSH_IOS_KEY_ID: 'ABC123DEFG\n', GORUSH_IOS_TEAM_ID: 'DEF123GHIJ\r\n' };
  expect(load(ios('production: true'), env).ios).toMatchObject({ key_id: 'ABC123DEFG', team_id: 'DEF123GHIJ' });
  expect(
    load(`${sandbox}core: {address: "127.0.0.1\\n", feedback_hook_url: "http://127.0.0.1/x\\n"}`).core,
  ).toMatchObject({
    address: '127.0.0.1',
    feedback_hook_url: 'http://127.0.0.1/x',
  });
});

test.each([
  [ios('key_id: ABC123DEF, team_id: DEF123GHIJ'), 'ios.key_id: must be ten letters and digits'],
  [ios('key_id: ABC123DEFG, team_id: "DEF12 3GHI"'), 'ios.team_id: must be ten letters and digits'],
  [`${off}huawei: {enabled: true, appid: "10/01", appsecret: s}`, 'huawei.appid: must be the id of the app'],
  [`${off}huawei: {enabled: true, appid: "../x", appsecret: s}`, 'huawei.appid: must be the id of the app'],
  [`${sandbox}apps: {acme: {default_topic: "com.example app"}}`, 'apps.acme.default_topic: must be a bundle id'],
  [`${sandbox}queue: {engine: nsq, nsq: {topic: "a b"}}`, 'queue.nsq.topic: must have 1 to 64 letters'],
  [`${sandbox}queue: {engine: nsq, nsq: {channel: ""}}`, 'queue.nsq.channel: must have 1 to 64 letters'],
  [`${sandbox}queue: {engine: nats, nats: {subj: "a.>"}}`, 'queue.nats.subj: must have no blanks and no wildcards'],
  [`${sandbox}queue: {engine: nats, nats: {queue: "a b"}}`, 'queue.nats.queue: must have no blanks'],
  [`${sandbox}queue: {engine: redis, redis: {stream_name: ""}}`, 'queue.redis.stream_name: must not be empty'],
])('a text that must have a form is looked at before the start (%#)', (yaml, mistake) => {
  expect(mistakeOf(yaml)).toContain(mistake);
});

test.each([
  ['[::]', '::'],
  ['[::1]', '::1'],
  ['::1', '::1'],
  ['[fe80::1%lo]', 'fe80::1%lo'],
  ['localhost', 'localhost'],
])('core.address: "%s", which Gorush takes too, is %s', (address, host) => {
  expect(load(`${sandbox}core: {address: "${address}"}`).core.address).toBe(host);
});

test.each([
  [`${sandbox}core: {address: "127.0.0.1:8088"}`, 'invalid address format: 127.0.0.1:8088'],
  [`${sandbox}core: {address: "[127.0.0.1]"}`, 'invalid address format: [127.0.0.1]'],
  [`${sandbox}core: {admin_address: "::1:9090"}`, 'core.admin_address: must be'],
  [`${sandbox}queue: {engine: redis, redis: {addr: "redis://host:1"}}`, 'queue.redis.addr: must be host:port'],
  [`${sandbox}queue: {engine: nsq, nsq: {addr: "host:99999"}}`, 'queue.nsq.addr: must be host:port'],
  [`${off}ios: {endpoint: "https://host:99999"}`, 'ios.endpoint: must be https://host'],
  [`${off}ios: {endpoint: "https://a b"}`, 'ios.endpoint: must be https://host'],
])('an address is looked at as its user reads it (%#)', (yaml, mistake) => {
  expect(mistakeOf(yaml)).toContain(mistake);
});

test.each([
  ios('key_id: ABC123DEFG, team_id: DEF123GHIJ'),
  `${sandbox}queue: {engine: nsq, nsq: {topic: gorush, channel: "gorush#ephemeral"}}`,
  `${sandbox}queue: {engine: nats, nats: {subj: push.acme, queue: gorush_1}}`,
  `${sandbox}queue: {engine: redis, redis: {stream_name: "{push}:stream 1"}}`,
  `${sandbox}queue: {engine: local, nsq: {topic: "not looked at"}}`,
  `${sandbox}apps: {acme: {default_topic: com.example.app.voip}}`,
])('and one that has it is taken (%#)', (yaml) => {
  expect(mistakeOf(yaml)).toBe('');
});
