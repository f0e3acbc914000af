import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { digestOf } from '../../../src/auth/key-ring.ts';
import { type Ask, choose, takeDefaults } from '../../../src/cli/init/choices.ts';
import { configText } from '../../../src/cli/init/config-text.ts';
import { loadConfig } from '../../../src/host/config/load.ts';
import { typed } from '../typed.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'martlet-init-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

const given = { flags: {}, sandbox: undefined, hub: undefined, topic: undefined, keyName: undefined };

/** Answers by the beginning of a question. */
function answering(answers: Readonly<Record<string, string>>): { readonly ask: Ask; readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async ask(question, byDefault) {
      asked.push(question);
      return Object.entries(answers).find(([begin]) => question.startsWith(begin))?.[1] ?? byDefault;
    },
  };
}

test('without a terminal it writes what can be started at once, readable for its owner, with the digest of the key that it shows', async () => {
  const cwd = folder();
  const { code, stdout, stderr } = await typed(['init'], { cwd });
  expect([code, stderr]).toEqual([0, '']);
  expect(statSync(join(cwd, 'config.yml')).mode & 0o777).toBe(0o600);
  const [, key = ''] = /^ {2}(martlet_\S{43})$/m.exec(stdout) ?? [];
  const loaded = loadConfig({ env: {}, cwd });
  expect([loaded.warnings, loaded.unknown]).toEqual([[], []]);
  const { config } = loaded;
  expect(config.auth.keys['back-end']).toMatchObject({
    sha256: [digestOf(key).toString('hex')],
    scopes: ['push', 'read'],
  });
  expect(config).toMatchObject({ sandbox: { enabled: true }, core: { address: '127.0.0.1' }, hub: { enabled: false } });
  expect(readFileSync(join(cwd, 'config.yml'), 'utf8')).not.toContain(key);
  expect(stdout).toContain('\nNext:\n\n  martlet check\n  martlet\n');
  expect(stdout).toContain(`-H 'Authorization: Bearer ${key}'`);
});

test('flags answer the questions, those of the configuration too', async () => {
  const cwd = folder();
  const flags = ['--hub', '-p', '9000', '-A', '0.0.0.0', '--key-name', 'shop', '--sandbox'];
  expect(await typed(['init', 'trial.yml', ...flags], { cwd })).toMatchObject({ code: 0 });
  const { config } = loadConfig({ path: join(cwd, 'trial.yml'), env: {}, cwd });
  expect(config).toMatchObject({ hub: { enabled: true }, core: { address: '0.0.0.0', port: '9000' } });
  expect(config.auth.keys.shop?.scopes).toEqual(['push', 'read', 'users']);
});

test('a credential means real providers, and what is wrong with it is told at once', async () => {
  const cwd = folder();
  const apple = ['-i', 'AuthKey_ABC123DEFG.p8', '--team-id', 'DEF123GHIJ', '--topic', 'com.acme', '--production'];
  const { code, stdout } = await typed(['init', ...apple], { cwd });
  expect(code).toBe(0);
  expect(stdout).toMatch(/Still to be mended in it:\n\n {2}ios\.key_path: no such file: AuthKey_ABC123DEFG\.p8/);
  expect(parse(readFileSync(join(cwd, 'config.yml'), 'utf8'))).toMatchObject({
    sandbox: { enabled: false },
    ios: { enabled: true, key_id: 'ABC123DEFG', team_id: 'DEF123GHIJ', topic: 'com.acme', production: true },
    android: { enabled: false },
    huawei: { enabled: false },
  });
});

test('a file that is there is left alone, unless it is to be overwritten', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'config.yml'), 'mine: true\n');
  const refused = await typed(['init'], { cwd });
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('--force overwrites it') });
  expect(readFileSync(join(cwd, 'config.yml'), 'utf8')).toBe('mine: true\n');
  expect((await typed(['init', '--force'], { cwd })).code).toBe(0);
  expect(await typed(['init', 'no/such/folder.yml'], { cwd })).toMatchObject({ code: 1, stderr: /ENOENT/ });
  expect(await typed(['init', 'x.yml', '--key-name', 'a b'], { cwd })).toMatchObject({
    code: 1,
    stderr: /name of the key/,
  });
});

test('on a terminal it asks for what matters: nothing of providers in the sandbox', async () => {
  const { ask, asked } = answering({});
  await choose(given, ask);
  expect(asked).toEqual([
    'Simulated providers, to try it out without accounts?',
    'The hub: people with their devices, and not only device tokens?',
    'Is it to be reached from other machines?',
    'Port',
    'Name of the first API key',
  ]);
});

test('the id of the key is read off the name of its file, and what a no makes pointless is not asked', async () => {
  const { ask, asked } = answering({
    Simulated: 'no',
    "iOS: path of Apple's": 'keys/AuthKey_ABC123DEFG.p8',
    'iOS: id of the team': 'DEF123GHIJ',
    'Is it to be': 'y',
  });
  const choices = await choose(given, ask);
  expect(choices).toMatchObject({
    ...{ sandbox: false, address: '', port: '8088' },
    ios: { keyPath: 'keys/AuthKey_ABC123DEFG.p8', keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ', production: false },
    huawei: { appid: '', appsecret: '' },
  });
  expect(asked).toContain('Huawei: id of the app (empty: no Huawei)');
  expect(asked).not.toContain('Huawei: secret of the app');
});

test('no answer, however odd, changes anything but its own value', async () => {
  const odd = 'x" # y\n: {}\\';
  const choices = await choose({ ...given, flags: { 'huawei.appid': odd, 'huawei.appsecret': odd } }, takeDefaults);
  const text = configText({ ...choices, address: odd }, 'ab'.repeat(32));
  expect(parse(text)).toMatchObject({
    core: { address: odd },
    huawei: { enabled: true, appid: odd, appsecret: odd },
    auth: { keys: { 'back-end': { sha256: 'ab'.repeat(32) } } },
  });
});
