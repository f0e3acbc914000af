import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseCommandLine } from '../../../src/cli/command-line.ts';
import { complaint, load } from '../../config/config-folder.ts';

// Configurations as they are found in public repositories, of three ages; names, keys and passwords are made up.
const older = (name: string): string => readFileSync(new URL(`older-files/${name}.yml`, import.meta.url), 'utf8');

/** The older keys that are complained of. */
const retired = (lines: readonly string[]): string[] => lines.map((line) => /`([\w.]+)`/.exec(line)?.[1] ?? line);

const SIMULATED = { MARTLET_SANDBOX_ENABLED: 'true', MARTLET_CORE_SSL: 'false' };

test('a file of Gorush 1.0: what it says of the server counts, each key that is gone is named with what took its place', () => {
  const { config, unknown } = load(older('1.0-pem'), { env: SIMULATED });
  expect(config.core).toMatchObject({ port: '8088', max_notification: 500, cert_path: '/etc/push/tls.crt' });
  expect(config.api).toMatchObject({ push_uri: '/v1/push', stat_go_uri: '/api/status', metric_uri: '/metrics' });
  expect(retired(unknown)).toEqual(['android.apikey', 'ios.pem_cert_path', 'ios.pem_key_path']);
  expect(unknown[0]).toMatch(/ \[[^ ]*:\d+:\d+\]$/);
  expect(unknown[0]).toContain(
    'key `android.apikey` of an older Gorush: Google switched that API off in 2024. In the Firebase console: Project settings, Service accounts, ' +
      'Generate new private key; name the file in `android.key_path`',
  );
  expect(unknown[1]).toContain('`ios.key_path`: a .pem with certificate and key');
});

test('a ConfigMap of Gorush 1.10 works as it is: FCM, which it has off, is the only thing to tell', () => {
  const { config, unknown } = load(older('1.10-configmap'), { env: SIMULATED });
  expect(config.core).toMatchObject({ worker_num: 8, sync: true });
  expect(config.grpc).toMatchObject({ enabled: true, port: '50051' });
  expect(config.ios).toMatchObject({ key_path: '/home/app/secrets/push.p12', password: 'a-password', max_retry: 2 });
  expect(config.stat).toMatchObject({ engine: 'redis', redis: { addr: 'redis-master:6379', db: 3 } });
  expect(config.hub.enabled).toBe(false);
  expect(retired(unknown)).toEqual(['android.apikey']);
});

test('a file of Gorush 1.15: queue, hook and logs count, the keys of Huawei and of the old Redis queue are explained', () => {
  const { config, unknown } = load(older('1.15-nsq'), { env: SIMULATED });
  expect(config.core).toMatchObject({
    port: '9000',
    feedback_hook_url: 'https://backend.example.com/push/failed',
    feedback_timeout: 5,
    shutdown_timeout: 60,
  });
  expect(config.queue).toMatchObject({ engine: 'nsq', nsq: { addr: 'nsqd:4150', topic: 'push', channel: 'push' } });
  expect(config.stat).toMatchObject({ engine: 'badger', badgerdb: { path: 'badger.db' } });
  expect(retired(unknown)).toEqual(['android.apikey', 'huawei.apikey', 'queue.redis.channel', 'queue.redis.size']);
  expect(unknown[1]).toContain('`huawei.appsecret`');
});

test('where such a key was all that a platform had, the start ends with both sentences', () => {
  const message = complaint(() => load(older('1.0-pem'), { env: { MARTLET_SANDBOX_ENABLED: 'false' } }));
  expect(message).toContain('android.key_path: missing fcm credential data');
  expect(message).toContain('Generate new private key');
});

test('no value of a key that is gone is repeated', () => {
  for (const name of ['1.0-pem', '1.15-nsq'])
    expect(load(older(name), { env: SIMULATED }).warnings.join('\n')).not.toMatch(/not-a-real/);
});

test('keys of apps, variables and flags of older versions are explained too', () => {
  const { unknown } = load('apps: {blue: {android: {apikey: x}}}', {
    env: { ...SIMULATED, GORUSH_ANDROID_APIKEY: 'not-a-real-key' },
  });
  expect(unknown).toEqual([
    expect.stringMatching(/^key `apps\.blue\.android\.apikey` of an older Gorush: Google switched/),
    expect.stringMatching(/^environment variable GORUSH_ANDROID_APIKEY of an older Gorush: Google switched/),
  ]);
  const command = parseCommandLine(['-k', 'not-a-real-key']);
  expect(command).toMatchObject({
    kind: 'usage-error',
    message: expect.stringContaining('Google switched that API off'),
  });
  expect(command).not.toMatchObject({ message: expect.stringContaining('not-a-real') });
});
