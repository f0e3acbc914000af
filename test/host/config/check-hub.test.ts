import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../../src/host/config/load.ts';
import { complaint, load, yamlOf } from '../../config/config-folder.ts';

const on = { 'hub.enabled': true, 'hub.push.mode': 'gorush' };

test('hub.push.mode gorush needs to know where they are', () => {
  expect(complaint(() => load(yamlOf(on)))).toContain('hub.push.urls: is empty');
  for (const url of ['gorush:8088', 'ftp://gorush', 'http://user:secret@gorush:8088', 'http://gorush/?a=1']) {
    const text = complaint(() => load(yamlOf({ ...on, 'hub.push.urls': [url] })));
    expect(text).toContain('hub.push.urls: must be');
    expect(text).not.toContain('secret');
  }
  expect(
    load(yamlOf({ ...on, 'hub.push.urls': ['http://gorush:8088', 'https://push.example.com/gorush/'] })).warnings,
  ).toEqual([]);
});

test('addresses that nothing uses are warned of', () => {
  const { warnings } = load(yamlOf({ 'hub.enabled': true, 'hub.push.urls': ['http://gorush:8088'] }));
  expect(warnings.join()).toContain('hub.push.urls has no effect with hub.push.mode: local');
});

test.each([
  '*',
  'app.example.com',
  'https://app.example.com/',
  'https://*.example.com',
  'https://App.example.com',
  'null',
])('%s is no origin of a page', (origin) => {
  const message = complaint(() => load(`hub: {cors_origins: ["${origin}"]}`));
  expect(message).toContain('hub.cors_origins: must be origins as browsers send them');
});

test('origins are taken as browsers send them', () => {
  const origins = ['https://app.example.com', 'http://localhost:5173', 'http://127.0.0.1:3000', 'https://[::1]:8443'];
  expect(load(`hub: {cors_origins: ${JSON.stringify(origins)}}`).config.hub.cors_origins).toEqual(origins);
});

test('a hub that sends through others, or to no device, needs no platform of its own', () => {
  const real = { env: { MARTLET_SANDBOX_ENABLED: 'false' } };
  for (const push of [{ 'hub.push.mode': 'none' }, { 'hub.push.mode': 'gorush', 'hub.push.urls': ['http://gorush'] }])
    expect(load(yamlOf({ 'hub.enabled': true, 'android.enabled': false, ...push }), real).warnings).toEqual([]);
  expect(complaint(() => load(yamlOf({ 'hub.push.mode': 'none' }), real))).toContain('ios.enabled');
});

test('mail of a hub without a public address is warned of: no one could unsubscribe', () => {
  const email = { host: 'smtp.example.com', from: 'us@example.com', username: 'u', password: 'p' };
  const warnings = (hub: object, more: object = {}) =>
    loadConfig({ values: { email, hub: { enabled: true, path: '', ...hub }, ...more }, env: {}, cwd: '/' }).warnings;
  expect(warnings({}).join()).toContain('hub.public_url is not set');
  for (const loaded of [
    warnings({ public_url: 'https://push.example.com' }),
    warnings({ enabled: false }),
    warnings({}, { sandbox: { enabled: true } }),
    warnings({}, { email: {}, ntfy: { endpoint: 'http://127.0.0.1:1' } }),
  ])
    expect(loaded.join()).not.toContain('hub.public_url');
});

test('FCM_SERVER_KEY is an error that says what to set instead, and a warning beside a service account', () => {
  const start = (values: Record<string, unknown>, env: Record<string, string> = {}) =>
    loadConfig({ values, env: { FCM_SERVER_KEY: 'canary-key', ...env }, cwd: '/' });
  const hub = { enabled: true, path: '' };
  const ntfy = { endpoint: 'http://127.0.0.1:1' };
  const message = complaint(() => start({ hub }));
  expect(message).toContain('FCM_SERVER_KEY');
  expect(message).toContain('android.key_path');
  expect(message).not.toContain('canary');
  const { warnings } = start({ hub, ntfy, android: { enabled: false, credential: '{}' } });
  expect(warnings.join()).toContain('FCM_SERVER_KEY');
  expect(start({ hub, sandbox: { enabled: true } }).warnings.join()).toContain('FCM_SERVER_KEY');
  expect(start({ ntfy, hub: { enabled: false } }).warnings.join()).not.toContain('FCM_SERVER_KEY');
});

describe('instances that call each other', () => {
  const secret = `whsec_${'A'.repeat(43)}=`;
  const peers = ['http://10.0.0.1:8088', 'https://two.example.com/push'];
  const base = { 'hub.enabled': true, 'hub.postgres': 'postgres://localhost/hub', 'hub.streams.peers': peers };

  test('need addresses and a secret, and a store that they share', () => {
    expect(load(yamlOf({ ...base, 'hub.streams.peer_secret': [secret] })).warnings).toEqual([]);
    expect(complaint(() => load(yamlOf(base)))).toContain('hub.streams.peer_secret: is empty');
    const alone = load(yamlOf({ ...base, 'hub.postgres': '', 'hub.streams.peer_secret': [secret] }));
    expect(alone.warnings.join()).toContain('hub.streams.peers: the instances share no store');
    const { warnings } = load(
      yamlOf({ ...base, 'hub.streams.peer_secret': [secret], 'hub.streams.router': 'workers' }),
    );
    expect(warnings.join()).toContain('hub.streams.peers has no effect with hub.streams.router: workers');
  });

  test.each(['10.0.0.1:8088', 'ftp://one', 'http://user:canary@one', 'http://one/?canary'])('are not at %s', (peer) => {
    const text = complaint(() => load(yamlOf({ ...base, 'hub.streams.peers': [peer] })));
    expect(text).toContain('hub.streams.peers: must be');
    expect(text).not.toContain('canary');
  });

  test('are none without peers, and know each other by no other kind of secret', () => {
    expect(complaint(() => load(yamlOf({ 'hub.enabled': true, 'hub.streams.router': 'post' })))).toContain(
      'hub.streams.router: post needs hub.streams.peers',
    );
    const text = complaint(() => load(yamlOf({ ...base, 'hub.streams.peer_secret': [secret, 'canary'] })));
    expect(text).toContain('hub.streams.peer_secret: no. 2 must be whsec_');
    expect(text).not.toContain('canary');
  });
});

test('sinks need an address that may be called and secrets that can sign, and say when there is no queue file', () => {
  const secret = `whsec_${'A'.repeat(43)}=`;
  const sinks = (sink: object, more: object = {}) =>
    load(stringify({ hub: { enabled: true, sinks: { crm: sink } }, queue: { local: { path: 'queue.db' } }, ...more }));
  const url = 'https://crm.example.com/events';
  expect(sinks({ url, secret: [secret] }).warnings).toEqual([]);
  expect(sinks({ url, secret: ['any text'], format: 'mailbox' }).warnings).toEqual([]);
  expect(sinks({ url }).warnings.join()).toContain('hub.sinks.crm.secret is empty');
  expect(sinks({ url, secret: [secret] }, { queue: { local: { path: '' } } }).warnings.join()).toContain(
    'hub.sinks: there is no queue file',
  );
  expect(complaint(() => sinks({ secret: [secret] }))).toContain(
    'hub.sinks.crm.url: must be an http:// or https:// URL',
  );
  expect(complaint(() => sinks({ url: 'http://127.0.0.1/x', secret: [secret] }))).toContain('private address');
  const text = complaint(() => sinks({ url, secret: ['canary'] }));
  expect(text).toContain('hub.sinks.crm.secret: no. 1 must be whsec_');
  expect(text).not.toContain('canary');
});
