import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { Canaries } from './canaries.ts';
import { WatchedRelay } from './watched-relay.ts';

const canaries = new Canaries();
const secret = (name: string): string => {
  const text = randomBytes(24).toString('base64url');
  canaries.add({ name, text, kind: 'key' });
  return text;
};

const core = { address: '127.0.0.1', port: '1' };
const ios = { enabled: true, key_type: 'p8', key_id: 'ABCDEFGHIJ', team_id: 'ABCDEFGHIJ' };

type Config = Readonly<Record<string, unknown>> | string;

/** Secrets where they do not belong, and such as cannot be used. */
const configs: readonly (readonly [what: string, config: Config, env?: Record<string, string>])[] = [
  ['a key that is no base64', { core, ios: { ...ios, key_base64: `${secret('no base64')}!` } }],
  ['a key that is no key', { core, ios: { ...ios, key_base64: Buffer.from(secret('no key')).toString('base64') } }],
  [
    'a key in the place of a path',
    { core, ios: { ...ios, key_base64: '', key_path: '', password: secret('password') } },
  ],
  [
    'a service account that is no JSON',
    { core, android: { enabled: true, credential: `{"private_key": "${secret('no JSON')}` } },
  ],
  [
    'one without a key',
    {
      core,
      android: { enabled: true, credential: JSON.stringify({ type: 'service_account', key: secret('odd key') }) },
    },
  ],
  [
    'a key in the place of its digest',
    { core, auth: { keys: { boss: { sha256: secret('API key'), scopes: ['push'] } } } },
  ],
  ['a secret for hooks that is none', { core: { ...core, feedback_secret: [secret('hook secret')] } }],
  [
    'a hook that is no URL',
    { core: { ...core, feedback_hook_url: `ftp://user:${secret('hook password')}@x/${secret('hook path')}` } },
  ],
  ['a proxy that is none', { core: { ...core, http_proxy: `gopher://user:${secret('proxy password')}@x:1` } }],
  ['a Redis that is none', { core, apps: { redis: `rediss//:${secret('Redis password')}@x` } }],
  [
    'values of the wrong kind',
    {
      core,
      ios: { ...ios, key_base64: { x: secret('map') } },
      huawei: { enabled: true, appid: '1', appsecret: [secret('list')] },
    },
  ],
  [
    'unknown keys',
    {
      core,
      huawei: { appsecrte: secret('misspelt') },
      apps: { acme: { huawei: { app_secret: secret('misspelt too') } } },
    },
  ],
  [
    'an app with a broken key',
    { core, apps: { acme: { ios: { ...ios, key_base64: Buffer.from(secret('app key')).toString('base64') } } } },
  ],
  ['broken YAML', `core:\n  port: "1"\nios:\n  key_base64: "${secret('cut')}\n   x: [`],
  ['YAML that is no map', secret('a text alone')],
  ['a master key that is none', { core, apps: { path: 'apps.db' } }, { MARTLET_MASTER_KEY: secret('master key') }],
  [
    'secrets from the environment',
    { core },
    { MARTLET_IOS_ENABLED: 'true', MARTLET_IOS_KEY_BASE64: secret('from env'), GORUSH_IOS_PASSWORD: secret('also') },
  ],
];

const rows = configs.map(([what, config, env = {}]) => ({ what, config, env }));

test.each(rows)('$what: neither the start nor `martlet check` tells it', async ({ config, env }) => {
  const told = async (...command: string[]): Promise<string> => {
    const relay = new WatchedRelay(env);
    onTestFinished(() => relay.close());
    await relay.run(config, ...command);
    expect(relay.output()).not.toBe('');
    return relay.output() + [...relay.files('report').values()].join('\n');
  };
  const outputs = await Promise.all([told(), told('check')]);
  expect(canaries.foundIn(outputs.join('\n'), { tokens: true })).toEqual([]);
});
