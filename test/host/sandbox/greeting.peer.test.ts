import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { greeting } from '../../../src/host/sandbox/greeting.ts';
import { KEYS, startGuardedRelay } from '../../auth/guarded-relay.ts';
import { load } from '../../config/config-folder.ts';

const run = promisify(execFile);

test('with keys the lines take one from the environment, say whose, and work', async () => {
  const { url } = await startGuardedRelay();
  const auth = JSON.stringify({ keys: KEYS });
  const { config } = load(`sandbox: {enabled: true}\ncore: {address: "127.0.0.1"}\nauth: ${auth}`);
  const text = greeting(url, config, { person: undefined, command: 'martlet' });
  expect(text).toContain('Try it, after export MARTLET_API_KEY=<the key of pusher>:');
  const [push = '', look = ''] = text.match(/^ {2}curl .*$/gm) ?? [];
  const env = (key: string) => ({ env: { ...process.env, MARTLET_API_KEY: key } });
  const { stdout } = await run('sh', ['-c', `${push} -s`], env('pusher-key'));
  expect(JSON.parse(stdout)).toMatchObject({ success: 'ok', counts: 2 });
  // The push is answered before it is sent.
  const seen = async () => JSON.parse((await run('sh', ['-c', `${look} -s`], env('admin-key'))).stdout);
  await expect.poll(async () => (await seen()).deliveries).toHaveLength(1);
  const refused = await run('sh', ['-c', `${push} -s -o /dev/null -w '%{http_code}'`], env(''));
  expect(refused.stdout).toBe('401');
});

test('without keys nothing is said of them', () => {
  const { config } = load('sandbox: {enabled: true}\ncore: {address: "127.0.0.1"}');
  const text = greeting('http://127.0.0.1:1', config, { person: undefined, command: 'martlet' });
  expect(text).toContain('\nTry it:\n');
  expect(text).not.toMatch(/authorization|API_KEY/i);
});
