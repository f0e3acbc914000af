import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pendingChanges } from '../../scripts/release-files.ts';
import { REPOSITORY } from './packed.ts';

let clone: string;
const git = (...args: string[]): string => execFileSync('git', args, { cwd: clone, encoding: 'utf8' }).trim();
const read = (path: string): string => readFileSync(join(clone, path), 'utf8');

function release(...args: string[]): { status: number | null; output: string } {
  const script = join(clone, 'scripts/release.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { cwd: clone, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

const GREEN = ['--check', 'true'];

/** A clone of this repository with one change pending. */
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'martlet-release-'));
  execFileSync('git', ['clone', '--quiet', '--local', REPOSITORY, clone], { stdio: 'pipe' });
  for (const [name, value] of [
    ['user.name', 'A Releaser'],
    ['user.email', 'releaser@example.com'],
    ['commit.gpgsign', 'false'],
    ['tag.gpgsign', 'false'],
  ])
    git('config', name!, value!);
  appendFileSync(join(clone, '.git/info/exclude'), 'node_modules\n');
  symlinkSync(join(REPOSITORY, 'node_modules'), join(clone, 'node_modules'));
  for (const name of ['scripts', 'src', 'docs', 'deploy', 'compose.yaml', 'package.json', 'package-lock.json'])
    cpSync(join(REPOSITORY, name), join(clone, name), { recursive: true });
  const changes = '# Changelog\n\n## Pending\n\n- Something new.\n\n## 0.0.1 – 2020-01-01\n\n- The first.\n';
  writeFileSync(join(clone, 'CHANGELOG.md'), changes);
  git('add', '--all');
  git('commit', '--quiet', '--allow-empty', '--message', 'What is pending');
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

const current = (): string => JSON.parse(read('package.json')).version;

test('a release moves what is pending under its version, names it everywhere, commits and tags', () => {
  const [major, minor] = current().split('.').map(Number);
  const version = `${major}.${minor! + 1}.0`;
  const { status, output } = release('minor', ...GREEN);
  expect([status, output]).toEqual([0, expect.stringContaining(`released ${version}`)]);
  expect(read('CHANGELOG.md')).toMatch(
    new RegExp(`## Pending\\n\\n## ${version} – \\d{4}-\\d\\d-\\d\\d\\n\\n- Something new\\.\\n\\n## 0\\.0\\.1`),
  );
  const lock = JSON.parse(read('package-lock.json'));
  expect([current(), lock.version, lock.packages[''].version]).toEqual([version, version, version]);
  expect(read('deploy/helm/martlet/Chart.yaml')).toContain(`\nversion: ${version}\n`);
  expect(read('deploy/helm/martlet/Chart.yaml')).toContain(`\nappVersion: "${version}"\n`);
  expect(read('deploy/kubernetes/kustomization.yaml')).toContain(`newTag: "${version}"`);
  expect(read('compose.yaml')).toContain(`image: martlet:${version}\n`);
  expect(JSON.parse(read('docs/openapi.json')).info.version).toBe(version);
  expect(git('status', '--porcelain')).toBe('');
  expect(git('log', '-1', '--format=%s')).toBe(`Release ${version}`);
  expect(git('describe', '--exact-match')).toBe(`v${version}`);
  expect(release('minor', ...GREEN)).toEqual({ status: 1, output: 'nothing is pending in CHANGELOG.md\n' });
});

test('it refuses while the working tree has changes', () => {
  writeFileSync(join(clone, 'new-file'), '');
  expect(release('patch', ...GREEN)).toEqual({
    status: 1,
    output: 'the working tree has changes:\n?? new-file\n',
  });
});

test('it refuses while the check is red, and nothing is changed', () => {
  expect(release('patch', '--check', 'exit 3')).toEqual({ status: 1, output: 'exit 3: failed\n' });
  expect(git('status', '--porcelain')).toBe('');
  expect(git('tag')).not.toContain(current().replace(/\d+$/, (n) => String(Number(n) + 1)));
});

test('it refuses a version that is none, that does not follow, or that has a tag', () => {
  expect(release('next', ...GREEN).output).toContain('next: not a version like 1.2.3');
  expect(release('0.0.1', ...GREEN).output).toMatch(/^0\.0\.1: not after \d/);
  expect(release(current(), ...GREEN).output).toContain(`not after ${current()}`);
  git('tag', 'v99.0.0');
  expect(release('99.0.0', ...GREEN).output).toBe('the tag v99.0.0 is there already\n');
  expect(release(...GREEN).output).toContain('which version?');
});

test('--dry-run tells what would change, and changes nothing', () => {
  const before = git('rev-parse', 'HEAD');
  const { status, output } = release('major', '--dry-run', ...GREEN);
  expect(status).toBe(0);
  expect(output).toMatch(/would release \d+\.0\.0: package\.json, /);
  expect(output).toContain('- Something new.');
  expect([git('rev-parse', 'HEAD'), git('status', '--porcelain')]).toEqual([before, '']);
});

test('when a place that names the version is gone nothing is changed', () => {
  writeFileSync(join(clone, 'compose.yaml'), 'services: {}\n');
  git('commit', '--quiet', '--all', '--message', 'Another compose.yaml');
  const { status, output } = release('patch', ...GREEN);
  expect([status, output]).toEqual([1, expect.stringMatching(/^compose\.yaml: image: martlet:.* is not there/)]);
  expect(git('status', '--porcelain')).toBe('');
});

test('what is pending ends at the next heading', () => {
  expect(pendingChanges('## Pending\n\n- a\n- b\n\n## 1.0.0\n\n- c\n')).toBe('- a\n- b');
  expect(pendingChanges('## Pending\n- a')).toBe('- a');
  expect(pendingChanges('## Pending\n\n## 1.0.0\n- c\n')).toBe('');
  expect(() => pendingChanges('# Changelog\n')).toThrow('## Pending');
});
