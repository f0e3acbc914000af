/**
 * Makes a release in the repository of the working folder: npm run release -- <version | major | minor | patch> [--dry-run]
 * [--check <command>]. It refuses while nothing is pending in CHANGELOG.md, the working tree has changes, the version is none that
 * follows, or the check (`npm run check`) fails; then it commits and tags. Nothing is pushed or published.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { pendingChanges, releaseFiles } from './release-files.ts';

const read = (path: string): string => readFileSync(path, 'utf8');
const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();

function numbers(version: string): [number, number, number] {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)$/.exec(version) ?? [];
  if (patch === undefined) throw new Error(`${version}: not a version like 1.2.3, nor major, minor or patch`);
  return [Number(major), Number(minor), Number(patch)];
}

function nextVersion(current: string, wanted: string): string {
  const [major, minor, patch] = numbers(current);
  const steps: Record<string, string> = {
    major: `${major + 1}.0.0`,
    minor: `${major}.${minor + 1}.0`,
    patch: `${major}.${minor}.${patch + 1}`,
  };
  const next = steps[wanted] ?? wanted;
  const [a, b, c] = numbers(next);
  if ((a - major || b - minor || c - patch) <= 0) throw new Error(`${next}: not after ${current}`);
  return next;
}

/** @throws with the reason why there can be no release. */
function refuse(version: string, check: string): void {
  const changes = git('status', '--porcelain');
  if (changes) throw new Error(`the working tree has changes:\n${changes}`);
  if (git('tag', '--list', `v${version}`)) throw new Error(`the tag v${version} is there already`);
  if (!/^- /m.test(pendingChanges(read('CHANGELOG.md')))) throw new Error('nothing is pending in CHANGELOG.md');
  const { status } = spawnSync(check, { shell: true, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${check}: failed`);
}

function release(version: string, files: ReadonlyMap<string, string>): void {
  try {
    for (const [path, content] of files) writeFileSync(path, content);
    // The description of the API names the version.
    execFileSync(process.execPath, ['scripts/write-docs.ts'], { stdio: 'inherit' });
    git('commit', '--all', '--quiet', '--message', `Release ${version}`);
    git('tag', '--annotate', `v${version}`, '--message', `Martlet ${version}`);
  } catch (error) {
    // The tree was clean: this takes back what was written here and nothing else.
    git('checkout', '--', '.');
    throw error;
  }
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'dry-run': { type: 'boolean' }, check: { type: 'string', default: 'npm run check' } },
  });
  const [wanted, ...more] = positionals;
  if (wanted === undefined || more.length > 0) throw new Error('which version? 1.2.3, major, minor or patch');
  const version = nextVersion(JSON.parse(read('package.json')).version, wanted);
  refuse(version, values.check);
  const files = releaseFiles(read, version, new Date().toISOString().slice(0, 10));
  if (values['dry-run']) {
    console.log(`would release ${version}: ${[...files.keys()].join(', ')} and the generated pages change`);
    console.log(pendingChanges(read('CHANGELOG.md')));
    return;
  }
  release(version, files);
  console.log(
    `released ${version}. Next: git push --follow-tags, npm publish, npm run package, docker build --tag martlet:${version} .`,
  );
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
