import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { sendMistake } from '../../src/cli/send/send-line.ts';
import { configView } from '../../src/config/redact.ts';
import { loadConfig } from '../../src/host/config/load.ts';
import { builtIn } from '../../src/providers/registry.ts';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { configSchema } from '../support/config.ts';
import { folderWith } from './config-folder.ts';

type Json = Record<string, unknown>;
interface Exit {
  code: number | string;
  messages?: string[];
}
interface Case {
  name: string;
  config?: Json | null;
  configRaw?: string;
  files?: Record<string, string>;
  env?: Record<string, string>;
  argv?: string[];
  expectExit?: boolean;
  recorded: { exit?: Exit; responses?: { body: Json }[] };
  expect?: { exit?: Exit | null; any?: boolean; oneOf?: Json[] };
}

const read = (group: string): { base: Json; cases: Case[] } =>
  JSON.parse(readFileSync(new URL(`../contract/corpus/${group}.json`, import.meta.url), 'utf8'));

const merge = (base: unknown, over: unknown): unknown =>
  isMap(base) && isMap(over)
    ? Object.fromEntries(
        [...new Set([...Object.keys(base), ...Object.keys(over)])].map((key) => [
          key,
          key in over ? merge(base[key], over[key]) : base[key],
        ]),
      )
    : over;
const isMap = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

const CREDENTIALS = ['AuthKey_TEST.p8', 'apns.pem', 'apns.p12', 'fcm.json'];
const leaf = makeAuthority().leaf(['localhost']);

/** What the process would do up to the moment when it opens keys, sockets and stores: the text it ends with, or undefined. */
function start(base: Json, given: Case): { message: string | undefined; code: number; tmp: string } {
  const fill = (text: string): string =>
    text
      .replaceAll('{tmp}', tmp)
      .replaceAll('{creds}', join(tmp, 'creds'))
      .replaceAll('{config}', join(tmp, 'config.yml'))
      .replaceAll(/\{port2?\}/g, '8089')
      .replaceAll('{hook}', 'http://127.0.0.1:9')
      .replaceAll(/\{(base64|text):[^}]*\}/g, 'e30=');
  const tmp: string = folderWith({
    ...given.files,
    ...Object.fromEntries(CREDENTIALS.map((name) => [`creds/${name}`, '{}'])),
    'creds/leaf.pem': leaf.cert,
    'creds/leaf.key': leaf.key,
  });
  const files =
    given.config === null ? {} : { 'config.yml': given.configRaw ?? stringify(merge(base, given.config ?? {})) };
  const cwd = folderWith(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, fill(text)])));
  const env = Object.fromEntries(Object.entries(given.env ?? {}).map(([name, value]) => [name, fill(value)]));
  const argv = given.argv?.map((part) => (part === '{config}' ? join(cwd, 'config.yml') : fill(part))) ?? [
    '-c',
    join(cwd, 'config.yml'),
  ];
  const command = parseCommandLine(argv);
  if (command.kind === 'usage-error') return { message: command.message, code: 2, tmp };
  if (command.kind === 'version' || command.kind === 'help' || command.kind === 'new-key' || command.kind === 'vapid')
    return { message: undefined, code: 0, tmp };
  try {
    const purpose = command.kind === 'send' ? command.platform : command.kind === 'ping' ? 'ping' : 'serve';
    loadConfig({ path: command.path, env, cwd, flags: command.flags, purpose });
    const message = command.kind === 'send' ? sendMistake(command, builtIn) : undefined;
    return { message, code: message === undefined ? 0 : 1, tmp };
  } catch (error) {
    return { message: (error as Error).message, code: 1, tmp };
  }
}

/** What is decided later than at loading: contents of keys, the network, the provider's answer. */
const LATER = [
  'ios-p8-garbage',
  'ios-base64-bad',
  'ios-base64-default-type-is-pem',
  'ios-p12-wrong-password',
  'ios-p12-no-password',
  'ios-pem-garbage',
  'android-credential-not-json',
  'android-credential-no-project',
  'android-credential-not-service-account',
  'android-key-path-is-garbage',
  'address-not-mine',
  'stat-redis-unreachable',
  'ios-send-refused',
  'android-send-refused',
];

describe.each(['config', 'cli'])('group %s of the corpus', (group) => {
  const { base, cases } = read(group);

  test.each(cases.filter(({ name }) => !LATER.includes(name)))('$name', (given) => {
    const { message = '', code, tmp } = start(base, given);
    if (given.expect?.any) return;
    const exit = given.expect?.oneOf ? undefined : { ...given.recorded, ...given.expect }.exit;
    if (exit && typeof exit.code === 'number') expect(code).toBe(exit.code);
    else if (exit?.code === '<nonzero>') expect(code).toBeGreaterThan(0);
    else expect(message).toBe('');
    const texts = (exit?.messages ?? [])
      .filter((text) => text !== '<usage>')
      .map((text) => text.replaceAll('<tmp>', tmp));
    for (const text of texts) expect(message).toContain(text);
  });
});

test('the view of the configuration has all of Gorush, in its order', () => {
  const { cases } = read('config');
  const shown = cases.find(({ name }) => name === 'defaults-shown')?.recorded.responses?.[0]?.body;
  const recorded = shown as Record<string, Json>;
  const { config } = loadConfig({ env: { GORUSH_SANDBOX_ENABLED: '1' }, cwd: folderWith({}) });
  const view = configView(config, configSchema) as Record<string, Json>;
  const common = (all: Json, wanted: Json): string[] => Object.keys(all).filter((key) => key in wanted);
  expect(common(view, recorded)).toEqual(Object.keys(recorded));
  for (const [name, section] of Object.entries(recorded))
    expect(common(view[name] ?? {}, section)).toEqual(Object.keys(section));
});
