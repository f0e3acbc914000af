/** Where martlet is: the package that `npm install martlet` brought, else the checkout that this folder is in. */
import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

function find() {
  try {
    const dist = join(dirname(fileURLToPath(import.meta.resolve('martlet/package.json'))), 'dist');
    return { main: join(dist, 'main.js'), client: join(dist, 'client'), suffix: '.js' };
  } catch {
    // A checkout runs without a build.
    const src = join(HERE, '../../src');
    return { main: join(src, 'main.ts'), client: join(src, 'client'), suffix: '.ts' };
  }
}

export const martlet = find();

const read = (path) => {
  const text = readFileSync(join(martlet.client, path), 'utf8');
  return path.endsWith('.ts') ? stripTypeScriptTypes(text) : text;
};

/** The files of the client below /martlet/, as a bundler would put them into the page. */
export function clientFiles(path) {
  if (path === '/service-worker.js') return read('service-worker.js');
  if (path === '/martlet-client.js') return `export * from './martlet/person/create-person-client${martlet.suffix}';\n`;
  const [, file] = /^\/martlet\/((?:person\/)?[\w-]+\.[jt]s)$/.exec(path) ?? [];
  return file !== undefined && existsSync(join(martlet.client, file)) ? read(file) : undefined;
}
