import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startRedis } from '../../observe/stats/redis-server.ts';
import { needs } from '../../support/needs.ts';
import { startTenantProviders } from '../tenant-providers.ts';
import { newMasterKey, startSelfService } from './self-service-relay.ts';

const whsec = (text: string): string => `whsec_${Buffer.from(text.padEnd(32, '.')).toString('base64')}`;

test('no secret is in an answer, a log line or, in plain, in a file', () => keepsSecrets('a file'));
test('no secret is in an answer, a log line or, in plain, in a Redis', needs('redis-server'), () =>
  keepsSecrets('a Redis'),
);

async function keepsSecrets(where: 'a file' | 'a Redis'): Promise<void> {
  const providers = await startTenantProviders();
  const redis = where === 'a Redis' ? await startRedis() : undefined;
  onTestFinished(async () => {
    await redis?.close();
    await providers.close();
  });
  const masterKey = newMasterKey();
  const tenant = providers.tenant('acme').settings;
  const account = JSON.parse(tenant.android?.credential as string);
  const settings = {
    ...tenant,
    huawei: { appid: 'id-acme', appsecret: 'secret-acme' },
    webhook: {
      url: 'https://hooks.example/canary-path?token=canary-query',
      headers: ['Authorization: canary-header'],
      secret: [whsec('canary-webhook')],
    },
  };
  const secrets = [
    masterKey,
    tenant.ios?.key_base64 as string,
    Buffer.from(tenant.ios?.key_base64 as string, 'base64')
      .toString()
      .split('\n')[1] as string,
    account.private_key.split('\n')[3] as string,
    'secret-acme',
    'canary',
    settings.webhook.secret[0] as string,
  ];
  const relay = await startSelfService(providers, {
    masterKey,
    ...(redis ? { more: { apps: { redis: `redis://${redis.addr}` } } } : {}),
  });
  const { ask, push, folder, lines } = relay;
  const answers: string[] = [];
  const say = async (...given: Parameters<typeof ask>): Promise<void> => {
    const { text, headers } = await ask(...given);
    answers.push(text, JSON.stringify([...headers]));
  };
  await say('PUT', '/v1/apps/acme', settings);
  await say('POST', '/v1/apps', { name: 'acme', ...settings });
  await say('POST', '/v1/apps', { name: 'beta', huawei: { appid: '1', appsecret: 'canary', appsecrte: 'canary' } });
  await say('PUT', '/v1/apps/acme/providers/android', { credential: { ...account, private_key: 'canary' } });
  await say('PUT', '/v1/apps/acme/providers/android', { credential: 'canary' });
  await say('PUT', '/v1/apps/acme/providers/ios?probe=true', { ...tenant.ios, key_id: 'SOMEBODYS1' });
  await say('PUT', '/v1/apps/acme/providers/huawei?probe=true', { appid: '1', appsecret: 'canary' });
  await say('PATCH', '/v1/apps/acme', { webhook: { headers: ['X-Key: canary'] } });
  await say('PATCH', '/v1/apps/acme', '{"huawei": {"appsecret": "canary"');
  await say('PATCH', '/v1/apps/acme', { canary: 'canary', rate_limit: 'canary' });
  for (const path of ['/v1/apps', '/v1/apps/acme', '/api/config', '/metrics', '/readyz']) await say('GET', path);
  await push({ platform: 1, tokens: ['a1'], app: 'acme' }, { platform: 2, tokens: ['b1'], app: 'acme' });
  const dump = redis ? JSON.stringify(await redis.client.hgetall('{martlet:apps}:texts')) : '';
  if (redis) expect(dump).toContain('id-acme');
  const files = (): string =>
    readdirSync(folder)
      .filter((name) => name.startsWith('apps.db'))
      .map((name) => readFileSync(join(folder, name), 'latin1'))
      .join('');
  const open = files();
  await relay.close();
  const everything = { answers: answers.join('\n'), log: lines.join(''), files: open + files(), dump };
  if (!redis) expect(everything.files).toContain('id-acme');
  for (const [place, text] of Object.entries(everything))
    for (const secret of secrets) {
      // A key that a caller misspells is told back; nothing else of its own.
      const rest =
        place === 'answers' ? text.replaceAll('"path":"canary"', '').replaceAll('"canary: unknown', '') : text;
      expect(rest.includes(secret), `${place}: ${secret.slice(0, 12)}`).toBe(false);
    }
}
