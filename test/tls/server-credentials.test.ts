import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { openServerCredentials } from '../../src/tls/server-credentials.ts';
import { authority, folderWith, Lines } from './tls-kit.ts';

function open(watchMs = 10_000) {
  const pair = authority.leaf(['localhost']);
  const cwd = folderWith({ 'cert.pem': pair.cert, 'key.pem': pair.key });
  const log = new Lines();
  const core = { cert_path: 'cert.pem', key_path: 'key.pem', cert_base64: '', key_base64: '' };
  const credentials = openServerCredentials({ core, cwd, log, watchMs });
  onTestFinished(() => credentials.close());
  let changes = 0;
  credentials.onChange(() => changes++);
  return {
    credentials,
    log,
    pair,
    changes: () => changes,
    write: (name: string, text: string) => writeFileSync(join(cwd, name), text),
  };
}

test('reload takes a new pair into use and says so', () => {
  const { credentials, log, changes, write } = open();
  const next = authority.leaf(['next']);
  write('cert.pem', next.cert);
  write('key.pem', next.key);
  credentials.reload();
  expect(credentials.current).toEqual(next);
  expect(changes()).toBe(1);
  expect(log.infos[0]).toMatch(/^core\.ssl: serves a new certificate, valid until \d{4}-/);
});

test('reload of the same files changes nothing', () => {
  const { credentials, log, changes } = open();
  credentials.reload();
  expect(changes()).toBe(0);
  expect(log.infos).toEqual([]);
});

test('a bad new pair is refused and told, and the old one stays', () => {
  const { credentials, log, pair, changes, write } = open();
  write('cert.pem', authority.leaf(['next']).cert);
  credentials.reload();
  expect(credentials.current).toEqual(pair);
  expect(changes()).toBe(0);
  expect(log.warnings).toEqual([
    'core.key_path: key.pem and cert.pem cannot be used together: the key is that of another certificate; what was read before stays in use',
  ]);
});

test('files that change one after the other are read when both are there', async () => {
  const { credentials, log, write } = open(30);
  const next = authority.leaf(['next']);
  write('cert.pem', next.cert);
  write('key.pem', next.key);
  await expect.poll(() => credentials.current).toEqual(next);
  expect(log.warnings).toEqual([]);
});

test('an expired certificate is used, with a warning', () => {
  const expired = makeAuthority('Old CA', Date.now() - 900 * 86_400_000).leaf(['localhost']);
  const cwd = folderWith({ 'cert.pem': expired.cert, 'key.pem': expired.key });
  const log = new Lines();
  const core = { cert_path: 'cert.pem', key_path: 'key.pem', cert_base64: '', key_base64: '' };
  const credentials = openServerCredentials({ core, cwd, log });
  onTestFinished(() => credentials.close());
  expect(log.warnings[0]).toMatch(/^core\.ssl: the certificate expired on \d{4}-/);
});
