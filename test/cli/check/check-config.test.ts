import { expect, test } from 'vitest';
import { checkConfig } from '../../../src/cli/check/check-config.ts';
import { loadConfig } from '../../../src/host/config/load.ts';
import { folderWith } from '../../tls/tls-kit.ts';

async function check(text: string, masterKey?: string) {
  const cwd = folderWith({ 'config.yml': text });
  const lines: string[] = [];
  const load = () => loadConfig({ path: `${cwd}/config.yml`, env: {}, cwd });
  const ok = await checkConfig(load, { env: {}, masterKey, say: (line) => void lines.push(line) });
  return { ok, lines, row: (part: string) => lines.find((line) => line.startsWith(`  ${part} `)) };
}

const sandboxed = 'sandbox: {enabled: true}\n';

test('the apps of the file are named, the first ten of many', async () => {
  expect((await check(`${sandboxed}apps: {acme: {default_topic: a}, beta: {default_topic: b}}`)).row('apps')).toMatch(
    /on +acme, beta$/,
  );
  const many = Array.from({ length: 12 }, (_, i) => `a${i}: {default_topic: t${i}}`).join(', ');
  expect((await check(`${sandboxed}apps: {${many}}`)).row('apps')).toMatch(/a9, and 2 more$/);
});

test('a master key that cannot be read fails the check, and is not shown', async () => {
  const { ok, row } = await check(sandboxed, 'not-a-key');
  expect(ok).toBe(false);
  expect(row('/v1/apps')).toMatch(/FAIL MARTLET_MASTER_KEY is not 32 bytes/);
  expect(row('/v1/apps')).not.toContain('not-a-key');
  const good = await check(sandboxed, Buffer.alloc(32, 7).toString('base64'));
  expect(good.ok).toBe(true);
  expect(good.row('/v1/apps')).toMatch(/on +data\/apps\.db$/);
});

test('the last line says whether it can be started', async () => {
  const { ok, lines } = await check(sandboxed);
  expect(ok).toBe(true);
  expect(lines.at(-1)).toBe('accepted: it can be started');
  expect((await check(`${sandboxed}nope: 1`)).lines.at(-1)).toBe('not accepted: 1 unknown keys');
});

test('the hub has a row, with what keeps its people', async () => {
  expect((await check(`${sandboxed}hub: {enabled: true}`)).row('hub')).toMatch(/on +data\/hub-sandbox\.db$/);
  expect((await check(`${sandboxed}hub: {enabled: true, path: ""}`)).row('hub')).toMatch(/on +memory$/);
  expect((await check(sandboxed)).row('hub')).toMatch(/off$/);
});

test('a hook to which nothing can be reported breaks a promise, and its place in the file is shown', async () => {
  const { ok, lines } = await check(`${sandboxed}core:\n  feedback_hook_url: "htp:/nope"\n`);
  expect(ok).toBe(false);
  expect(lines).toContain(
    '  FAIL core.feedback_hook_url: must be an http:// or https:// URL, or empty: failed pushes would not be reported [config.yml:3:3]',
  );
  expect((await check(`${sandboxed}core:\n  feedback_hook_url: "https://example.com/hook"\n`)).ok).toBe(true);
});
