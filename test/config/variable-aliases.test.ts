import { describe, expect, test } from 'vitest';
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

describe('variables of task servers', () => {
  const tasks = (env: Record<string, string>, values: Record<string, unknown> = {}) =>
    loadConfig({ values: { hub: { enabled: true, path: '' }, ...values }, env, cwd: '/', purpose: 'ping' }).config.hub
      .tasks;

  test('set the hours of what people hear once a day', () => {
    const env = {
      TASK_REMINDER_HOUR: '7',
      TASK_REMINDER_MINUTE: '5',
      OVERDUE_REMINDER_HOUR: '10',
      DAILY_DIGEST_HOUR: '0',
    };
    expect(tasks(env)).toMatchObject({ reminder_at: '07:05', overdue_at: '10:00', digest_at: '00:00' });
    expect(tasks({ TASK_REMINDER_MINUTE: '30' }).reminder_at).toBe('20:30');
    expect(tasks({ ...env, MARTLET_HUB_TASKS_REMINDER_AT: 'off' }).reminder_at).toBe('off');
    expect(tasks({})).toMatchObject({ reminder_at: '20:00', overdue_at: '09:00', digest_at: '11:00' });
  });

  test('are named when they are no hours', () => {
    expect(() => tasks({ OVERDUE_REMINDER_HOUR: '25' })).toThrow(/time of day.*OVERDUE_REMINDER_HOUR/s);
  });
});
