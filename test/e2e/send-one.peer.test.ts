import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { newMasterKey } from '../apps/store/self-service-relay.ts';
import { folderWith } from '../tls/tls-kit.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

test('a push from the command line goes out by what the command line says, whichever app has its topic', () => {
  const config = `sandbox: {enabled: true}\napps: {acme: {default_topic: com.acme, ios: {enabled: false}}}\n`;
  const folder = folderWith({ 'config.yml': config });
  const flags = ['-c', 'config.yml', '-ios', '-t', 'ab'.repeat(32), '-m', 'hi', '-topic', 'com.acme'];
  const { stdout, status } = spawnSync(process.execPath, [MAIN, ...flags], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, MARTLET_MASTER_KEY: newMasterKey() },
  });
  expect(stdout).toContain('delivered to the provider');
  expect(status).toBe(0);
  expect(existsSync(join(folder, 'data'))).toBe(false);
});

test('a push from the command line uses no broker', () => {
  // Nothing listens at port 1.
  const config = 'sandbox: {enabled: true}\nqueue: {engine: redis, redis: {addr: "127.0.0.1:1"}}\n';
  const folder = folderWith({ 'config.yml': config });
  const flags = ['-c', 'config.yml', '-ios', '-t', 'ab'.repeat(32), '-m', 'hi', '-topic', 'com.acme'];
  const { stdout, status } = spawnSync(process.execPath, [MAIN, ...flags], { cwd: folder, encoding: 'utf8' });
  expect(stdout).toContain('delivered to the provider');
  expect(status).toBe(0);
});
