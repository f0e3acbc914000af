import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GUIDE_FILES } from '../../src/api/openapi/guides/guide-place.ts';
import { licencesOf } from '../bundle/licences.ts';
import { chunksOf } from './chunks.ts';

/** Modules that run in threads of their own: `startOwnThread`. */
const THREADS = [
  'src/hub/storage/sqlite/checkpoint-worker.ts',
  'src/hub/storage/sqlite/rewrite-worker.ts',
  'src/webpush/encryption/encryption-worker.ts',
];

/** What every executable has in it, whatever processor it is for. */
export interface Program {
  /** Their names inside, and their files. */
  readonly assets: Readonly<Record<string, string>>;
  /** Of the packages. */
  readonly licences: string;
}

/** @param root of the repository @param folder for what is made on the way */
export async function makeProgram(root: string, folder: string): Promise<Program> {
  const assets: Record<string, string> = { 'package.json': join(root, 'package.json') };
  const files = globSync('{src/**/*.{css,html,js,proto,svg},docs/{,hub/}*.md}', { cwd: root });
  for (const path of [...files, ...GUIDE_FILES.map((name) => `docs/${name}`)]) assets[path] = join(root, path);
  const modules = new Set<string>();
  const add = (name: string, { code, moduleIds }: { code: string; moduleIds: readonly string[] }): void => {
    const file = join(folder, name.replaceAll('/', '-'));
    writeFileSync(file, code);
    assets[name] = file;
    for (const id of moduleIds) modules.add(id);
  };
  for (const chunk of await chunksOf(root, 'src/main.ts', { inOne: false })) add(`program/${chunk.fileName}`, chunk);
  for (const thread of THREADS) for (const chunk of await chunksOf(root, thread, { inOne: true })) add(thread, chunk);
  return { assets, licences: licencesOf([...modules]) };
}
