import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isDocument, itemWords, recordShape } from '../../../src/config/leaf.ts';
import { environmentName } from '../../../src/config/schema.ts';
import { loadConfig } from '../../../src/host/config/load.ts';
import { complaint, folderWith, load } from '../../config/config-folder.ts';
import { configKeys } from '../../support/config.ts';

const REAL = { env: { MARTLET_SANDBOX_ENABLED: 'false' } };

test('an empty file gives every default, with zeroes worked out', () => {
  const { config } = load('');
  expect(config.core).toMatchObject({ port: '8088', worker_num: 4, queue_num: 8192, max_body: 10_485_760 });
  expect(config.queue.local).toEqual({ path: 'data/queue.db', sync: 'normal' });
  expect(config.log.hide_token).toBe(true);
});

test('flags go before MARTLET_, that before GORUSH_, that before the file, that before the default', () => {
  const env = { GORUSH_CORE_PORT: '3', MARTLET_CORE_PORT: '4' };
  expect(load('').config.core.port).toBe('8088');
  expect(load('core: {port: 2}').config.core.port).toBe('2');
  expect(load('core: {port: 2}', { env: { GORUSH_CORE_PORT: '3' } }).config.core.port).toBe('3');
  expect(load('core: {port: 2}', { env }).config.core.port).toBe('4');
  expect(load('core: {port: 2}', { env, flags: { 'core.port': '5' } }).config.core.port).toBe('5');
});

test('an empty variable counts as not set', () => {
  expect(load('core: {port: 2}', { env: { GORUSH_CORE_PORT: '' } }).config.core.port).toBe('2');
});

/** A valid value other than the default, as text; the platforms' own switches aside, which `check-platforms` decides. */
const samples = configKeys.map(({ path, leaf }) => {
  if (isDocument(leaf)) return { path, text: '{"a": [1, {"b": true}]}', value: { a: [1, { b: true }] } };
  const words = itemWords(leaf);
  if (words) return { path, text: words.join(' '), value: words };
  if (path.endsWith('_secret') && leaf.type === 'array') {
    const secret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
    return { path, text: secret, value: [secret] };
  }
  const shape = recordShape(leaf);
  if (shape) {
    const record = Object.fromEntries(Object.keys(shape.properties).map((key) => [key, '']));
    return { path, text: JSON.stringify([record]), value: [record] };
  }
  if (leaf.type === 'array') return { path, text: 'a:1 b:2', value: ['a:1', 'b:2'] };
  if (leaf.type === 'boolean') return { path, text: String(!leaf.default), value: !leaf.default };
  if (leaf.type !== 'string') {
    const value = Math.min(leaf.maximum ?? Number.POSITIVE_INFINITY, Math.max(leaf.minimum ?? 5, 5));
    return {
      path,
      text: String(value === leaf.default ? leaf.minimum : value),
      value: value === leaf.default ? leaf.minimum : value,
    };
  }
  if (leaf.enum) return { path, text: leaf.enum.at(-1)!, value: leaf.enum.at(-1) };
  if (path.endsWith('port')) return { path, text: '81', value: '81' };
  if (path.endsWith('proxy')) return { path, text: 'https://h.example:9', value: 'https://h.example:9' };
  const fitting = ['text', '/elsewhere', 'https://h.example:9', '07:30'].find((text) =>
    new RegExp(leaf.pattern ?? '').test(text),
  );
  return { path, text: fitting ?? 'no sample has the form of this key', value: fitting };
});
const valueAt = (config: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], config);

test.each(samples)('$path is set by its GORUSH_ and its MARTLET_ variable', ({ path, text, value }) => {
  for (const prefix of ['GORUSH_', 'MARTLET_']) {
    const env: Record<string, string> = { [prefix + environmentName(path)]: text };
    const cwd = folderWith({ text: 'a file of that name' });
    // Asked for `--ping`: a server would be refused credentials and engines that are not there.
    const { config, unknown } = loadConfig({ env, cwd, purpose: 'ping' });
    expect(valueAt(config, path)).toEqual(value);
    expect(unknown).toEqual([]);
  }
});

test('a name in lower case or without the prefix sets nothing', () => {
  const env = { gorush_core_port: '1', CORE_PORT: '2' };
  expect(load('', { env }).config.core.port).toBe('8088');
});

describe('the file', () => {
  const port = (yaml: string) => `core: {port: ${yaml}}\nsandbox: {enabled: true}`;

  test('is the one of -c, and no other is looked for', () => {
    const cwd = folderWith({ 'config.yml': port('1'), 'other.yml': port('2') });
    const { config, file } = loadConfig({ path: join(cwd, 'other.yml'), env: {}, cwd });
    expect([config.core.port, file]).toEqual(['2', join(cwd, 'other.yml')]);
  });

  test('is looked for in $HOME/.gorush before the working folder', () => {
    const home = folderWith({ '.gorush/config.yaml': port('1') });
    const cwd = folderWith({ 'config.yml': port('2') });
    expect(loadConfig({ env: {}, cwd, home }).config.core.port).toBe('1');
    expect(loadConfig({ env: {}, cwd, home: cwd }).config.core.port).toBe('2');
  });

  test('may be missing when none was named', () => {
    const { config, file } = loadConfig({ env: { MARTLET_SANDBOX_ENABLED: '1' }, cwd: folderWith({}) });
    expect([config.core.port, file]).toEqual(['8088', undefined]);
  });

  test('is told by name when it was named and is missing', () => {
    const message = complaint(() => loadConfig({ path: '/nope.yml', env: {}, cwd: '/' }));
    expect(message).toContain('failed to read config file /nope.yml: open /nope.yml: no such file or directory');
  });

  test.each([
    ['a broken quote', 'core:\n  port: "1\n', 'line'],
    ['a tab', 'core:\n\tport: 1\n', 'line 2: a tab as indentation'],
    ['a key twice', 'core: {}\ncore: {}\n', 'line 2: a key that is there twice'],
    ['a list', '- a\n', 'must be a map of sections'],
    ['a text', 'secret-word', 'must be a map of sections'],
  ])('with %s is refused with its place and none of its text', (_, yaml, reason) => {
    const message = complaint(() => load(yaml));
    expect(message).toContain(reason);
    expect(message).not.toContain('secret-word');
  });

  test('may be JSON, have anchors and merges, keys in any case, dotted keys and several documents', () => {
    expect(load('{"core": {"port": "1"}}').config.core.port).toBe('1');
    expect(load('x-a: &a {port: 2}\ncore:\n  <<: *a\n').config.core.port).toBe('2');
    expect(load('Core: {PORT: 3}').config.core.port).toBe('3');
    expect(load('core.port: 4\ncore: {port: 5}').config.core.port).toBe('4');
    expect(load('core: {port: 6}\n---\ncore: {port: 7}').config.core.port).toBe('6');
  });

  test('leaves the default where a key or a section has no value', () => {
    expect(load('core:\nios:\n  key_type:\n').config.ios.key_type).toBe('pem');
  });

  test('is refused where a section is none', () => {
    expect(complaint(() => load('core: 5\nios: [a]'))).toContain(
      'core: must be a section with keys of its own [config.yml:1:1]\n- ios: ',
    );
  });
});

test('every mistake is told at once, with its key, its value and what would be right', () => {
  const yaml = `
core: {port: "99999", sync: perhaps, max_notification: many, max_body: 5 apples, queue_num: -1}
queue: {engine: rabbit, backoff: -1}
api: {push_uri: push}
ios: {enabled: true, key_path: nope.p8}
android: {endpoint: fcm, enabled: true, key_path: gone.json}
`;
  expect(complaint(() => load(yaml, REAL)).split('\n')).toMatchInlineSnapshot(`
    [
      "11 mistakes in the configuration:",
      "- core.max_notification: must be a whole number, is "many" [config.yml:2:38]",
      "- core.queue_num: must be a whole number, 0 or more, is -1 [config.yml:2:82]",
      "- core.sync: must be true or false, is "perhaps" [config.yml:2:23]",
      "- core.max_body: must be a whole number of bytes, or one with a unit like 10MiB, 1 or more, is "5 apples" [config.yml:2:62]",
      "- api.push_uri: must be a path that begins with "/", is "push" [config.yml:4:7]",
      "- android.endpoint: must be https://host or https://host:port, is "fcm" [config.yml:6:11]",
      "- queue.engine: must be one of local, nsq, nats, redis, is "rabbit" (Gorush: unsupported queue engine: rabbit) [config.yml:3:9]",
      "- queue.backoff: must be a number (seconds), 0 or more, is -1 [config.yml:3:25]",
      "- core.port: must be a number from 1 to 65535, is "99999" (Gorush: Configuration error: configuration validation failed: invalid core port: port out of range (1-65535): 99999) [config.yml:2:8]",
      "- ios.key_path: no such file: nope.p8 (certificate file does not exist) [config.yml:5:22]",
      "- android.key_path: no such file: gone.json [config.yml:6:41]",
    ]
  `);
});

test('a mistake in a variable names the variable', () => {
  const message = complaint(() => load('', { env: { GORUSH_CORE_SYNC: 'perhaps' } }));
  expect(message).toBe('core.sync: must be true or false, is "perhaps" (set by GORUSH_CORE_SYNC)');
});

test('the value of a key that is not public is not shown', () => {
  const message = complaint(() => load('ios: {password: [canary]}\nandroid: {credential: {a: canary}}'));
  expect(message).toMatch(/ios\.password: must be a text/);
  expect(message).toMatch(/android\.credential: must be a text/);
  expect(message).not.toContain('canary');
});

test('unknown keys and variables are warned of, with the nearest known one', () => {
  const { warnings, unknown } = load('core: {prot: 1, hide_token: true}\nwhatever: {a: 1}\nx-mine: 1', {
    env: { GORUSH_CORE_PROT: '1', MARTLET_WHAT_EVER: '1' },
  });
  expect(unknown).toEqual([
    'unknown key `core.prot`, did you mean `core.port`? [config.yml:1:8]',
    'unknown key `core.hide_token`, did you mean `log.hide_token`? [config.yml:1:17]',
    'unknown key `whatever` [config.yml:2:1]',
    'unknown environment variable GORUSH_CORE_PROT, did you mean GORUSH_CORE_PORT?',
    'unknown environment variable MARTLET_WHAT_EVER',
  ]);
  expect(warnings).toEqual(unknown);
});

test('an unknown key is told beside the mistake that it caused', () => {
  const yaml = 'ios: {enabeld: true, key_path: key.p8}\nandroid: {enabled: false}';
  expect(complaint(() => load(yaml, REAL))).toContain('did you mean `ios.enabled`?');
});

test("the variables of a Kubernetes service called gorush are nobody's mistake", () => {
  const env = {
    GORUSH_PORT: 'tcp://10.0.0.1:8088',
    GORUSH_SERVICE_HOST: '10.0.0.1',
    GORUSH_SERVICE_PORT_HTTP: '8088',
    GORUSH_PORT_8088_TCP_ADDR: '10.0.0.1',
    GORUSH_GRPC_PORT: 'tcp://10.0.0.1:9000',
  };
  const { config, warnings } = load('', { env });
  expect(warnings).toEqual([]);
  expect(config.grpc.port).toBe('9000');
});

test('the configuration is frozen to its last list', () => {
  const { config } = load('core: {feedback_header: ["a:1"]}');
  expect(() => Object.assign(config.core.pid, { path: 'x' })).toThrow(TypeError);
  expect(() => (config.core.feedback_header as string[]).push('x')).toThrow(TypeError);
});

test('several processes of which each would have a sandbox of its own are refused', () => {
  expect(complaint(() => load('core: {processes: 4}'))).toMatch(
    /^core\.processes: the sandbox lives inside one process/,
  );
});

test('a process that would serve nobody is refused, but not one that sends what others queue', () => {
  expect(complaint(() => load('core: {enabled: false}'))).toMatch(/^core\.enabled: HTTP and gRPC are both off/);
  expect(load('core: {enabled: false}\nqueue: {engine: redis}').config.core.enabled).toBe(false);
  expect(load('core: {enabled: false}\ngrpc: {enabled: true}').config.core.enabled).toBe(false);
});

test('an endpoint may end with a slash', () => {
  expect(load('ios: {endpoint: "https://localhost:1/"}').config.ios.endpoint).toBe('https://localhost:1');
});

test("a misspelled port is not taken for one of Kubernetes' variables", () => {
  expect(load('', { env: { GORUSH_CROE_PORT: '1' } }).unknown).toEqual([
    'unknown environment variable GORUSH_CROE_PORT, did you mean GORUSH_CORE_PORT?',
  ]);
});

test('a program gives sections and keys in the place of a file, in its own types', () => {
  const cwd = folderWith({ 'config.yml': 'core: {port: 2}' });
  const values = { sandbox: { enabled: true }, 'queue.local': { path: '' }, ios: { rate_limit: 2.5, endpiont: 'x' } };
  const { config, file, unknown } = loadConfig({ env: {}, cwd, values });
  expect(file).toBeUndefined();
  expect(config.core.port).toBe('8088');
  expect(config.queue.local.path).toBe('');
  expect(config.ios.rate_limit).toBe(2.5);
  expect(unknown).toEqual(['unknown key `ios.endpiont`, did you mean `ios.endpoint`?']);
  expect(complaint(() => loadConfig({ env: {}, cwd, values: { ios: { max_retry: {} } } }))).toContain('ios.max_retry');
});
