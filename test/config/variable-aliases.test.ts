import { expect, test } from 'vitest';
import { loadConfig } from '../../src/host/config/load.ts';

const load = (env: Record<string, string>, values: Record<string, unknown> = {}, hub = true) =>
  loadConfig({ values: { hub: { enabled: hub, path: '' }, ...values }, env, cwd: '/', purpose: 'ping' }).config.ios;

const ENV = {
  APNS_AUTH_KEY_PATH: '/certs/AuthKey.p8',
  APNS_AUTH_KEY_ID: 'ABC123DEFG',
  APNS_TEAM_ID: 'DEF123GHIJ',
  APNS_TOPIC: 'com.example.tasks',
  APNS_PRODUCTION: 'true',
};
const KEYS = { key_path: '/certs/AuthKey.p8', key_id: 'ABC123DEFG', team_id: 'DEF123GHIJ', topic: 'com.example.tasks' };

test('with the hub on, the variables of APNs that other push servers read are read too, before the file', () => {
  expect(load(ENV)).toMatchObject({ ...KEYS, production: true });
  expect(load(ENV, { ios: { key_id: 'OTHER' } }).key_id).toBe('ABC123DEFG');
});

test('our own variables count before them', () => {
  expect(load({ ...ENV, GORUSH_IOS_KEY_ID: 'OWN' }).key_id).toBe('OWN');
  expect(load({ ...ENV, MARTLET_IOS_TOPIC: 'own.topic' }).topic).toBe('own.topic');
});

test('APNS_USE_SANDBOX says the contrary of APNS_PRODUCTION, which counts before it', () => {
  expect(load({ APNS_USE_SANDBOX: 'true' }, { ios: { production: true } }).production).toBe(false);
  expect(load({ APNS_USE_SANDBOX: 'false' }).production).toBe(true);
  expect(load({ APNS_USE_SANDBOX: 'true', APNS_PRODUCTION: 'true' }).production).toBe(true);
});

test('with the hub off nothing of them is read', () => {
  expect(load(ENV, {}, false)).toMatchObject({ key_path: '', key_id: '', team_id: '', production: false });
});
