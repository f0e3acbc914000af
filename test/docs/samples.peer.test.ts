import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { blocksOf } from './blocks.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'martlet-samples-'));
const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: root })].sort();
const samples = (...languages: readonly string[]) =>
  pages.flatMap((page) =>
    blocksOf(page, ...languages).map((text, index) => ({ name: `${page} no. ${index + 1}`, text })),
  );

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every block of commands is one that a shell can read', async () => {
  const all = samples('sh', 'bash');
  expect(all.length).toBeGreaterThanOrEqual(60);
  for (const { name, text } of all) {
    const file = join(folder, 'block.sh');
    writeFileSync(file, text);
    await expect(run('bash', ['-n', file]), name).resolves.toMatchObject({ stderr: '' });
  }
});

test.each(samples('js'))('the JavaScript of $name is JavaScript', async ({ text }) => {
  const file = join(folder, 'sample.mjs');
  writeFileSync(file, text);
  await expect(run(process.execPath, ['--check', file])).resolves.toMatchObject({ stderr: '' });
});

/** What a page takes from the program around its sample. */
const AROUND = `
declare const installationId: string;
declare const lastEventId: string;
declare function show(type: string, payload: unknown): void;
declare function reloadWhatIsShown(): void;
declare function showWhetherConnected(kind: string): void;
`;

test('the TypeScript of every page has the types that the package publishes', async () => {
  const all = samples('ts');
  expect(all.length).toBeGreaterThanOrEqual(5);
  for (const [index, { text }] of all.entries())
    writeFileSync(join(folder, `sample-${index}.mts`), `${text}\nexport {};\n`);
  writeFileSync(join(folder, 'around.d.ts'), AROUND);
  const source = (file: string): string[] => [join(root, 'src', file)];
  const tsconfig = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
      lib: ['ESNext', 'DOM'],
      noUnusedLocals: false,
      paths: {
        'martlet/client': source('client/create-client.ts'),
        'martlet/client/person': source('client/person/create-person-client.ts'),
        'martlet/notifier': source('notifier/create-push-notifier.ts'),
        'martlet/notify': source('notify/create-notifier.ts'),
      },
    },
    include: [`${folder}/*`],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const told = await run(process.execPath, [tsc, '-p', folder]).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
  expect(told).toBe('');
});
