import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { type NamedCommand, namedCommands } from '../../src/cli/commands.ts';
import { flagGroupsOf, typedFlag } from '../../src/cli/flags.ts';
import { sendMistake as mistakeOf } from '../../src/cli/send/send-line.ts';
import { rowOf, usageText } from '../../src/cli/usage.ts';
import { builtIn } from '../../src/providers/registry.ts';
import { configKeys } from '../support/config.ts';

const flags = Object.values(flagGroupsOf(builtIn)).flat();
const usage = usageText();
const sendMistake = (command: Command & { kind: 'send' }) => mistakeOf(command, builtIn);
const flagsOf = (...argv: string[]): unknown => (parseCommandLine(argv) as { flags?: unknown }).flags;
const send = (...argv: string[]) => parseCommandLine(argv) as Command & { kind: 'send' };

test('no arguments: serve', () => {
  expect(parseCommandLine([])).toEqual({ kind: 'serve', path: undefined, flags: {} });
});

test.each(flags.filter((flag) => flag.takes && flag.key))(
  '$names set $key, with one dash or two, joined or apart',
  ({ names, key }) => {
    expect(configKeys.map(({ path }) => path)).toContain(key);
    for (const name of names)
      for (const argv of [[`-${name}`, 'v'], [`--${name}`, 'v'], [`-${name}=v`], [`--${name}=v`]])
        expect(flagsOf(...argv)).toMatchObject({ [key!]: 'v' });
  },
);

test('the usage text has every name of every flag', () => {
  for (const name of flags.flatMap((flag) => flag.names)) expect(usage).toMatch(new RegExp(`[ ,]--?${name}\\b`));
});

test.each(['-c', '-config', '--config'])('%s names the file', (flag) => {
  expect(parseCommandLine([flag, 'x.yml'])).toMatchObject({ kind: 'serve', path: 'x.yml' });
});

test('the last of equal flags counts, under whatever name', () => {
  expect(flagsOf('-p', '1', '--port=2')).toEqual({ 'core.port': '2' });
  expect(parseCommandLine(['--ios', '-ios=false'])).toMatchObject({ kind: 'serve' });
});

test('a value may be empty, hold an equals sign or look like a flag', () => {
  expect(flagsOf('-p', '', '--proxy=http://h?a=b', '-P', '-V')).toEqual({
    'core.http_proxy': 'http://h?a=b',
    'ios.password': '-V',
  });
});

test('an empty value and a switch set to false leave the configuration alone', () => {
  expect(flagsOf('-p=', '-production=false')).toEqual({});
  expect(flagsOf('-production')).toEqual({ 'ios.production': true });
});

test('--pid also switches the file on, and lets it overwrite', () => {
  expect(flagsOf('--pid', 'x')).toEqual({ 'core.pid.path': 'x', 'core.pid.enabled': true, 'core.pid.override': true });
});

describe('mistakes are told with the usage', () => {
  test.each([
    [['--nope'], 'flag provided but not defined: -nope'],
    [['-nope=canary'], 'flag provided but not defined: -nope\n'],
    [['-c'], 'flag needs an argument: -c'],
    [['--token'], 'flag needs an argument: -token'],
    [['-ios=perhaps'], 'invalid boolean value "perhaps" for -ios: parse error'],
    [['---x'], 'bad flag syntax: ---x'],
    [['-=x'], 'bad flag syntax: -=x'],
  ])('%j', (argv, expected) => {
    const command = parseCommandLine(argv);
    expect(command.kind).toBe('usage-error');
    expect((command as { message: string }).message).toContain(expected);
    expect((command as { message: string }).message).toContain(usage);
  });
});

test.each([
  [['--pord'], '-pord; did you mean --port?\nmartlet --help shows all'],
  [['tail', '--statsu', 'failed'], '-statsu; did you mean --status?\nmartlet tail --help shows all'],
  [['send', '--andriod', '-t', 'a'], '-andriod; did you mean --android?\nmartlet send --help shows all'],
])('%j: the flag that was meant is named, and not hidden by the usage', (argv, expected) => {
  expect(parseCommandLine(argv)).toEqual({
    kind: 'usage-error',
    message: `flag provided but not defined: ${expected}`,
  });
});

test('help and version are words as well, also of a command', () => {
  expect(parseCommandLine(['help'])).toEqual(parseCommandLine(['--help']));
  expect(parseCommandLine(['help', 'send'])).toEqual(parseCommandLine(['send', '--help']));
  expect(parseCommandLine(['version'])).toEqual({ kind: 'version' });
});

test('the help of send has the flags that say what is sent', () => {
  const { text } = parseCommandLine(['send', '--help']) as Command & { kind: 'help' };
  for (const flag of [
    '-t, --token <token>',
    '-m, --message <text>',
    '--title <text>',
    '--topic <topic>',
    '--tokens <file>',
  ])
    expect(text).toContain(flag);
});

test('a word after check is said to be no way of naming the file', () => {
  const { message } = parseCommandLine(['check', 'my.yml']) as Command & { kind: 'usage-error' };
  expect(message).toBe(
    'check takes no word: a file of the configuration comes after -c, and what has spaces belongs into quotation marks',
  );
});

test('those of a command come with its own usage', () => {
  for (const argv of [
    ['check', '--nope'],
    ['-c', 'x.yml', 'check', '--json'],
  ]) {
    const command = parseCommandLine(argv) as Command & { kind: 'usage-error' };
    expect(command.kind).toBe('usage-error');
    expect(command.message).toMatch(/^flag provided but not defined: -(nope|json)\nUsage: martlet check/);
  }
});

test.each(Object.keys(namedCommands))(
  '%s has a help of its own, with its flags, an example and its exit codes',
  (name) => {
    for (const argv of [
      [name, '--help'],
      ['-c', 'x.yml', name, '-h'],
    ]) {
      const { kind, text } = parseCommandLine(argv) as Command & { kind: 'help' };
      expect(kind).toBe('help');
      expect(text).toMatch(new RegExp(`^Usage: martlet ${name}`));
      for (const flag of rowOf(name as NamedCommand).flags ?? []) expect(text).toContain(typedFlag(flag));
      expect(text).toMatch(new RegExp(`Examples:\n  .*martlet ${name}`));
      expect(text).toMatch(/Exit codes:\n {2}0 {2}\w.*\n( {2}1 {2}\w.*\n)? {2}2 {2}/);
    }
  },
);

test('the examples of the commands are command lines that can be used', () => {
  for (const name of Object.keys(namedCommands) as NamedCommand[])
    for (const [line] of rowOf(name).examples) {
      const [, typed = ''] = /martlet (.*?)(?: > .*)?$/.exec(line) ?? [];
      const words = (typed.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''));
      expect(parseCommandLine(words), line).toMatchObject({ kind: name });
    }
});

test.each([
  [['-h'], 'help'],
  [['--help', '--nope'], 'help'],
  [['--nope', '-h'], 'usage-error'],
  [['-V', '--nope'], 'usage-error'],
  [['-V', '--ping'], 'version'],
  [['--version', '-c', 'gone.yml'], 'version'],
  [['--ping', '--ios', '-t', 'a'], 'ping'],
  [['check'], 'check'],
  [['check', '-V'], 'version'],
])('%j asks for %s', (argv, kind) => {
  expect(parseCommandLine(argv).kind).toBe(kind);
});

test('check takes flags before and after it', () => {
  const expected = { kind: 'check', path: 'x', flags: { 'core.port': '1', 'ios.key_path': 'k.p8' } };
  expect(parseCommandLine(['-c', 'x', '-p', '1', 'check', '-i', 'k.p8'])).toMatchObject(expected);
});

test.each([[['word', '--ios']], [['-p', '1', '--', '--ios']], [['-']]])(
  '%j is no command: its place is told, and not its text',
  (argv) => {
    const { kind, message } = parseCommandLine(argv) as Command & { kind: 'usage-error' };
    expect(kind).toBe('usage-error');
    expect(message).toMatch(/^argument [134] is no option and no command\nmartlet --help/);
    expect(message).not.toMatch(/word|ios/);
  },
);

test.each([
  ['chekc', 'check'],
  ['Explain', 'explain'],
  ['device', 'devices'],
  ['newkey', 'new-key'],
])('%s is no command: did you mean %s?', (word, meant) => {
  const { kind, message } = parseCommandLine(['-p', '1', word]) as Command & { kind: 'usage-error' };
  expect([kind, message]).toEqual([
    'usage-error',
    `argument 3 is no option and no command; did you mean ${meant}?\nmartlet --help shows all`,
  ]);
});

test('a command takes no more words than it knows', () => {
  for (const argv of [
    ['check', 'x'],
    ['explain', 'a', 'b'],
    ['users', 'show', 'ada', 'lovelace'],
    ['vapid', 'x'],
    ['new-key', 'a', 'b'],
  ])
    expect(parseCommandLine(argv), argv.join(' ')).toMatchObject({
      kind: 'usage-error',
      message: expect.stringMatching(/takes (no word|one word|2 words): .*quotation marks$/),
    });
});

describe('one push', () => {
  test('is built from its flags, without those that are empty', () => {
    expect(send('--ios', '-t', 'a1', '-m', 'hi', '--title', 'T', '--topic', 'com.example')).toMatchObject({
      kind: 'send',
      platform: 'ios',
      notification: { platform: 1, tokens: ['a1'], message: 'hi', title: 'T', topic: 'com.example' },
    });
    expect(send('-android', '-token=f1', '-title=').notification).toEqual({ platform: 2, tokens: ['f1'] });
    expect(send('--huawei', '--topic', 'news').notification).toEqual({ platform: 3, tokens: [], topic: 'news' });
  });

  test('goes to the first of Android, Huawei and iOS that is named', () => {
    expect(send('--ios', '--huawei').platform).toBe('huawei');
    expect(send('--ios', '--huawei', '--android').platform).toBe('android');
  });

  test('needs a token; on Android and Huawei a topic will do', () => {
    const text = 'Failed to send notification: please provide at least one device token';
    expect(sendMistake(send('--ios', '-m', 'hi', '--topic', 'com.example'))).toContain(text);
    expect(sendMistake(send('--android', '-m', 'hi'))).toContain(
      `request error: please provide at least one device token\n${text}`,
    );
    expect(sendMistake(send('--huawei', '-t', ''))).toContain(text);
    expect(sendMistake(send('--android', '--topic', 'news'))).toBeUndefined();
    expect(sendMistake(send('--ios', '-t', 'a1'))).toBeUndefined();
  });
});

test('vapid takes --json, and nothing else', () => {
  expect(parseCommandLine(['vapid'])).toEqual({ kind: 'vapid', json: false });
  expect(parseCommandLine(['vapid', '--json'])).toEqual({ kind: 'vapid', json: true });
  expect(parseCommandLine(['vapid', 'x'])).toMatchObject({ kind: 'usage-error' });
  expect(parseCommandLine(['vapid', '--json', 'x'])).toMatchObject({ kind: 'usage-error' });
});

test('new-key makes a key for a name, and needs one', () => {
  expect(parseCommandLine(['new-key', 'back-end'])).toEqual({ kind: 'new-key', name: 'back-end' });
  expect(parseCommandLine(['new-key'])).toMatchObject({ kind: 'usage-error' });
  expect(parseCommandLine(['new-key', 'a b'])).toMatchObject({ kind: 'usage-error' });
});

test('apps is followed by what to do, before or after the flags', () => {
  const parsed = (...argv: string[]) => parseCommandLine(argv);
  expect(parsed('apps')).toMatchObject({ kind: 'apps', task: { do: 'list' } });
  expect(parsed('apps', 'list', '-c', 'x.yml')).toMatchObject({ kind: 'apps', task: { do: 'list' }, path: 'x.yml' });
  expect(parsed('-c', 'x.yml', 'apps', 'show', 'acme')).toMatchObject({
    task: { do: 'show', name: 'acme' },
    path: 'x.yml',
  });
  expect(parsed('apps', 'reseal', '-c', 'x.yml')).toMatchObject({ task: { do: 'reseal' }, path: 'x.yml' });
  expect(parsed('apps', 'show')).toMatchObject({ kind: 'usage-error' });
  expect(parsed('apps', 'drop')).toMatchObject({ kind: 'usage-error' });
});

test('explain takes an id, where the relay is, a key for it, and a token', () => {
  const command = parseCommandLine([
    'explain',
    'order-42',
    '--url',
    'https://push.example.com',
    '--key',
    'k',
    '-t',
    'a1',
  ]);
  expect(command).toMatchObject({
    kind: 'explain',
    task: { id: 'order-42', token: 'a1' },
    place: { url: 'https://push.example.com', key: 'k' },
  });
  // `--key` is not Apple's here.
  expect(command).toMatchObject({ flags: {} });
  expect(parseCommandLine(['-c', 'c.yml', 'explain', 'x'])).toMatchObject({
    kind: 'explain',
    task: { id: 'x' },
    path: 'c.yml',
  });
  expect(parseCommandLine(['--url', 'u', '-i', 'k', '--json', 'explain', 'x'])).toMatchObject({
    kind: 'explain',
    task: { id: 'x' },
    place: { url: 'u', key: 'k' },
    json: true,
    flags: {},
  });
  expect(parseCommandLine(['explain', '-c', 'c.yml'])).toMatchObject({ kind: 'usage-error' });
});

const taskOf = (...argv: string[]): unknown => (parseCommandLine(argv) as { task?: unknown }).task;

test('users is followed by what to do, and erases only when that is meant', () => {
  expect(taskOf('users')).toEqual({ do: 'list', team: undefined, role: undefined, text: undefined, most: 100 });
  expect(taskOf('users', 'find', 'ada@', '--limit', '7', '--team', 'a')).toMatchObject({
    text: 'ada@',
    most: 7,
    team: 'a',
  });
  expect(taskOf('users', 'show', 'ada', '--app', 'shop')).toEqual({ do: 'show', id: 'ada' });
  expect(parseCommandLine(['users', 'show', 'ada', '--app', 'shop'])).toMatchObject({ app: 'shop' });
  expect(taskOf('users', 'erase', 'ada', '--yes')).toEqual({ do: 'erase', id: 'ada' });
  for (const argv of [
    ['erase', 'ada'],
    ['erase', '--yes'],
    ['show'],
    ['find'],
    ['list', 'x'],
    ['show', 'ada', 'bob'],
    ['--limit', '0'],
    ['--limit', 'all'],
    ['drop', 'x'],
  ])
    expect(parseCommandLine(['users', ...argv]), argv.join(' ')).toMatchObject({ kind: 'usage-error' });
});

test('devices is followed by what to do', () => {
  expect(taskOf('devices', 'list', 'ada')).toEqual({ do: 'list', user: 'ada' });
  expect(taskOf('devices', 'show', 'phone-1')).toEqual({ do: 'show', id: 'phone-1' });
  expect(taskOf('devices', 'import', '-', '-c', 'x.yml')).toEqual({ do: 'import', file: '-' });
  expect(taskOf('devices', 'export')).toEqual({ do: 'export', file: undefined, withTokens: false });
  expect(taskOf('devices', 'export', '--with-tokens', 'x')).toEqual({ do: 'export', file: 'x', withTokens: true });
  for (const argv of [
    [],
    ['list'],
    ['show'],
    ['import'],
    ['list', 'ada', '--with-tokens'],
    ['drop', 'x'],
    ['list', 'a', 'b'],
  ])
    expect(parseCommandLine(['devices', ...argv]), argv.join(' ')).toMatchObject({ kind: 'usage-error' });
});
