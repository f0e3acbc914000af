import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** What `npm pack --json` tells of a package. */
export interface Packed {
  readonly tarball: string;
  /** Bytes: of the tarball, and of what it holds. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly string[];
}

/** Builds and packs a copy, so that this folder's own dist/ stays as it is. */
export function pack(): Packed {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-pack-'));
  for (const name of [
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'config.yml',
    'bin',
    'docs',
    'src',
    'scripts',
  ])
    cpSync(join(REPOSITORY, name), join(folder, name), { recursive: true });
  for (const name of ['README.md', 'CHANGELOG.md', 'LICENSE'])
    if (existsSync(join(REPOSITORY, name))) cpSync(join(REPOSITORY, name), join(folder, name));
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  const output = execFileSync('npm', ['pack', '--json'], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  // The build that runs before may write lines of its own.
  const told = JSON.parse(output.slice(output.search(/^[[{]/m)));
  const [report] = Array.isArray(told) ? told : Object.values(told);
  const { filename, size, unpackedSize, files } = report as {
    filename: string;
    size: number;
    unpackedSize: number;
    files: { path: string }[];
  };
  return { tarball: join(folder, filename), size, unpackedSize, files: files.map(({ path }) => path) };
}
