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
  // Not the first that may send, but one that may look as well.
  expect(text).toContain('Try it, after export MARTLET_API_KEY=<the key of admin>:');
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

test('the person of the hub is shown with keys, too, where one of them may send and look', () => {
  const greet = (keys: object): string => {
    const auth = JSON.stringify({ keys });
    const { config } = load(`sandbox: {enabled: true}\ncore: {address: "127.0.0.1"}\nauth: ${auth}`);
    return greeting('http://127.0.0.1:1', config, { person: 'ada', command: 'martlet' });
  };
  const { pusher } = KEYS;
  expect(greet({ pusher })).not.toContain('ada');
  expect(greet({ pusher })).toContain('<the key of pusher>');
  const text = greet({ pusher, both: { ...KEYS.reader, scopes: ['push', 'read'] } });
  expect(text).toContain('<the key of both>');
  const lines = /or send to a person, ada.*\n\n {2}(.*)\n/.exec(text)?.[1] ?? '';
  expect(lines.match(/-H "Authorization: Bearer \$MARTLET_API_KEY"/g)).toHaveLength(2);
  expect(text).toContain('martlet explain hello-1');
});

test('without keys nothing is said of them', () => {
  const { config } = load('sandbox: {enabled: true}\ncore: {address: "127.0.0.1"}');
  const text = greeting('http://127.0.0.1:1', config, { person: undefined, command: 'martlet' });
  expect(text).toContain('\nTry it:\n');
  expect(text).not.toMatch(/authorization|API_KEY/i);
});
