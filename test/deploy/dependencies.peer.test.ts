import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { REPOSITORY } from './packed.ts';

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-dependencies-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function run(script: string, args: string[] = [], env: NodeJS.ProcessEnv = process.env) {
  const command = [join(REPOSITORY, 'scripts', script), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

/** A lock file with these packages. */
function licences(packages: Record<string, { license?: string; dev?: boolean; own?: string }>) {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: { '': { name: 'x' }, ...packages } }));
  for (const [path, { own }] of Object.entries(packages)) {
    if (own === undefined) continue;
    mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, path, 'package.json'), JSON.stringify({ license: own }));
  }
  return run('check-licences.ts', [folder]);
}

/** npm as a script of its own that gives this answer. */
function audit(answer: string) {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'npm'), `#!/bin/sh\ncat <<'END'\n${answer}\nEND\nexit 1\n`);
  chmodSync(join(folder, 'npm'), 0o755);
  return run('audit-dependencies.ts', [], { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` });
}

test('every licence of what this package brings along is on the list', () => {
  const { status, stderr } = run('check-licences.ts', [REPOSITORY]);
  expect([status, stderr]).toEqual([0, '']);
});

test('a licence that is not on the list fails, and so does none at all', () => {
  const { status, stderr } = licences({
    'node_modules/free': { license: 'MIT' },
    'node_modules/viral': { license: 'AGPL-3.0' },
    'node_modules/silent': {},
  });
  expect([status, stderr]).toEqual([1, 'node_modules/viral: AGPL-3.0\nnode_modules/silent: no licence\n']);
});

test('of licences to choose from one is enough, of those that hold together each is needed', () => {
  expect(licences({ 'node_modules/a': { license: '(GPL-2.0 OR BSD-3-Clause)' } }).status).toBe(0);
  expect(licences({ 'node_modules/a': { license: '(MIT AND GPL-2.0)' } }).status).toBe(1);
});

test('MPL-2.0 is for development only', () => {
  expect(licences({ 'node_modules/a': { license: 'MPL-2.0', dev: true } }).status).toBe(0);
  expect(licences({ 'node_modules/a': { license: 'MPL-2.0' } }).status).toBe(1);
});

test('a licence that the lock file does not name is read from the package', () => {
  expect(licences({ 'node_modules/a': { own: 'ISC' } }).status).toBe(0);
  expect(licences({ 'node_modules/a': { own: 'SSPL-1.0' } }).status).toBe(1);
});

test('a known vulnerability fails the audit from moderate on', () => {
  const found = (severity: string) => JSON.stringify({ vulnerabilities: { leftpad: { severity, range: '<1.2.3' } } });
  expect(audit(found('high'))).toMatchObject({ status: 1, stderr: 'leftpad <1.2.3: high\n' });
  expect(audit(found('low'))).toMatchObject({ status: 0, stderr: '' });
  expect(audit('{"vulnerabilities": {}}').stdout).toContain('0 packages');
});

test('a registry that does not answer is told about and is no failure', () => {
  const answer = '{"message": "405 Method Not Allowed - POST the/bulk", "statusCode": 405, "error": {"summary": ""}}';
  expect(audit(answer)).toMatchObject({ status: 0, stdout: expect.stringContaining('405 Method Not Allowed') });
  expect(audit('nonsense')).toMatchObject({ status: 0, stdout: expect.stringContaining('no answer') });
});
