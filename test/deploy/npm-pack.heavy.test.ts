import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { GUIDE_FILES } from '../../src/api/openapi/guides/guide-place.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/needs.ts';
import { type Packed, pack, REPOSITORY } from './packed.ts';

const { version, dependencies, exports } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
const lock = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, { dev?: boolean }>;
};

/** A folder with the package and one release of Node in it, as a user would make it. */
function install(node: string, tarball: string): string {
  const folder = mkdtempSync(join(tmpdir(), `martlet-node-${node}-`));
  writeFileSync(join(folder, 'package.json'), '{"private": true, "allowScripts": {"node": true}}');
  const flags = ['--no-audit', '--no-fund', '--prefer-offline'];
  execFileSync('npm', ['install', ...flags, `node@${node}`, tarball], { cwd: folder, stdio: 'pipe' });
  return folder;
}

/** What a program imports; a file that a browser fetches is named with its ending. */
const modules = Object.keys(exports).filter((name) => !/\.js(on)?$/.test(name));

let packed: Packed;
beforeAll(() => {
  packed = pack();
}, 300_000);
afterAll(() => packed && rmSync(dirname(packed.tarball), { recursive: true, force: true }));

test('the package holds what runs, its types and what a reader needs, and nothing of the tests or the sources', () => {
  expect(packed.files).toEqual(
    expect.arrayContaining(['dist/main.js', 'dist/bundle/main.js', 'dist/lambda.d.ts', 'README.md', 'LICENSE']),
  );
  expect(packed.files).toEqual(expect.arrayContaining(['docs/README.md', 'docs/hub/api.md', 'docs/openapi.json']));
  expect(packed.files).toEqual(expect.arrayContaining(GUIDE_FILES.map((name) => `docs/${name}`)));
  const others = packed.files.filter(
    (path) =>
      !/^dist\/.*(\.js|\.js\.map|\.d\.ts|\.css|\.html|\.svg|\.json|\.proto)$/.test(path) &&
      !/^docs\/(hub\/)?[\w-]+(\.md|\.json|\.proto)$/.test(path) &&
      !/^docs\/images\/[\w-]+\.png$/.test(path),
  );
  const beside = ['CHANGELOG.md', 'LICENSE', 'README.md', 'bin/martlet', 'config.yml', 'package.json'];
  expect(others.sort()).toEqual([...beside, 'dist/bundle/LICENSES.txt'].sort());
});

test('files that the code serves or reads are beside it', () => {
  const sources = readdirSync(join(REPOSITORY, 'src'), { recursive: true, withFileTypes: true });
  const files = sources.filter((entry) => entry.isFile() && !entry.name.endsWith('.ts'));
  const paths = files.map(({ parentPath, name }) => join(relative(REPOSITORY, parentPath), name));
  expect(packed.files).toEqual(expect.arrayContaining(paths.map((path) => path.replace(/^src/, 'dist'))));
});

// What runs is in it twice: bundled, for a fast start, and as the files that programs import, with their types.
test('it stays small: the tarball under 5 MB with all pages of the docs, and no more than 200 packages with it', () => {
  expect(packed.size).toBeLessThan(5_000_000);
  const runtime = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && !dev);
  expect(runtime.length).toBeLessThanOrEqual(200);
});

describe.each(['24', '26'])('installed into an empty folder, with Node %s,', needs('package registry'), (node) => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let martlet: string;
  beforeAll(() => {
    folder = install(node, packed.tarball);
    const bin = join(folder, 'node_modules', '.bin');
    env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
    // What V8 compiles is kept where the package says.
    delete env.NODE_COMPILE_CACHE;
    martlet = join(bin, 'martlet');
  }, 300_000);
  afterAll(() => folder && rmSync(folder, { recursive: true, force: true }));

  test('martlet says its version, with no warning, from that Node', () => {
    expect(execFileSync('node', ['--version'], { env, encoding: 'utf8' })).toMatch(`v${node}.`);
    const said = execFileSync(martlet, ['--version'], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    expect(said).toBe(`GoRush v1.22.0, Commit: martlet ${version}\n`);
  });

  test('only runtime dependencies came along', () => {
    const names = readdirSync(join(folder, 'node_modules'));
    for (const name of Object.keys(dependencies)) expect(names).toContain(name.split('/')[0]);
    for (const name of ['typescript', 'vitest', '@biomejs', 'fast-check']) expect(names).not.toContain(name);
  });

  test('martlet check reads a configuration and fails on an unknown key', () => {
    writeFileSync(join(folder, 'config.yml'), 'sandbox: {enabled: true}\nios: {enabled: true}\n');
    expect(execFileSync(martlet, ['check'], { cwd: folder, env, encoding: 'utf8' })).toContain('sandbox');
    writeFileSync(join(folder, 'bad.yml'), 'ios: {enabeld: true}\n');
    const { status, stdout } = spawnSync(martlet, ['check', '-c', 'bad.yml'], { cwd: folder, env, encoding: 'utf8' });
    expect([status, stdout]).toEqual([1, expect.stringContaining('enabeld')]);
  });

  test('every entry of exports can be imported', () => {
    for (const entry of modules) {
      const code = `const it = await import('martlet${entry.slice(1)}'); console.log(Object.keys(it).length > 0)`;
      const said = execFileSync('node', ['--input-type=module', '-e', code], { cwd: folder, env, encoding: 'utf8' });
      expect(said).toBe('true\n');
    }
  });

  test('the relay serves with its sandbox, delivers a push, writes its queue file and ends in order', async () => {
    const port = await freePort();
    const config = `sandbox: {enabled: true}\nios: {enabled: true}\ncore: {sync: true, address: 127.0.0.1, port: "${port}"}\n`;
    writeFileSync(join(folder, 'config.yml'), config);
    const child = spawn(martlet, [], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    onTestFinished(() => void child.kill('SIGKILL'));
    const url = `http://127.0.0.1:${port}`;
    const healthy = () =>
      fetch(`${url}/healthz`).then(
        ({ status }) => status,
        () => (child.exitCode === null ? 0 : output),
      );
    await expect.poll(healthy).toBe(200);
    const notification = { platform: 1, tokens: ['a1b2c3d4'.repeat(8)], topic: 'com.example', message: 'hi' };
    const body = JSON.stringify({ notifications: [notification] });
    const pushed = await fetch(`${url}/api/push`, { method: 'POST', body });
    expect(await pushed.json()).toMatchObject({ success: 'ok', logs: [] });
    expect(readdirSync(join(folder, 'data'))).toContain('queue.db');
    for (const path of ['/docs', '/docs/guides', '/docs/guides/hub/api', '/docs/images/console-light.png'])
      expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(output).not.toContain('ExperimentalWarning');
    // For the next start, which finds what V8 has compiled.
    expect(readdirSync(join(folder, 'node_modules/martlet/dist/compile-cache'))).toHaveLength(1);
  });

  test('its types are understood without the packages that only its own code needs', () => {
    const imports = modules.map((entry, i) => `import * as it${i} from 'martlet${entry.slice(1)}';\nvoid it${i};\n`);
    writeFileSync(join(folder, 'user.ts'), imports.join(''));
    const options = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, types: ['node'] };
    const typeRoots = [join(REPOSITORY, 'node_modules', '@types')];
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...options, typeRoots }, files: ['user.ts'] }),
    );
    const tsc = join(REPOSITORY, 'node_modules', '.bin', 'tsc');
    let said = '';
    try {
      execFileSync(tsc, ['-p', folder], { cwd: folder, encoding: 'utf8' });
    } catch (error) {
      said = (error as { stdout: string }).stdout;
    }
    expect(said).toBe('');
  });

  test('the types of its client are understood in a browser, which has none of Node', () => {
    const call =
      "const { push } = createClient({ url: 'x' });\nexport const result = push({ platform: 1, tokens: ['a'] });\n";
    const person = "export const me = createPersonClient({ url: 'x', user: 'ada', token: () => 't' });\n";
    const imports =
      "import { createClient } from 'martlet/client';\nimport { createPersonClient } from 'martlet/client/person';\n";
    writeFileSync(join(folder, 'page.mts'), `${imports}${call}${person}`);
    const options = {
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2023', 'dom'],
      strict: true,
      noEmit: true,
      types: [],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['page.mts'] }));
    const tsc = join(REPOSITORY, 'node_modules', '.bin', 'tsc');
    const { stdout } = spawnSync(tsc, ['-p', folder], { cwd: folder, encoding: 'utf8' });
    expect(stdout).toBe('');
  });
});
