/**
 * The second step of `npm run build`: node scripts/bundle/bundle-dist.ts [dist]. Bundles what tsc wrote, so that a start reads a few files
 * instead of a thousand: most of a start was finding and compiling modules. The files of tsc stay beside it, for the package's entries.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, relative, resolve } from 'node:path';
import process from 'node:process';
import { type OutputChunk, type Plugin, rolldown } from 'rolldown';
import { inAscii } from './in-ascii.ts';
import { licencesOf } from './licences.ts';
import { readNodeModulesByName } from './node-modules-by-name.ts';

const dist = resolve(process.argv[2] ?? 'dist');
const folder = join(dist, 'bundle');

/** What each start loads. Packages that are loaded when they are needed stay packages. */
const LOADED_AT_START = /^(?:@?pino|express|p-queue|undici|yaml)(?:$|\/)/;

/**
 * Two files for what every start loads, instead of a hundred: the command line, which every command has, and what serves. The rest is
 * divided by what asks for it.
 */
const LOADED_TOGETHER = [
  { name: 'command-line', test: /\/dist\/main\.js$/, priority: 2, includeDependenciesRecursively: true },
  {
    ...{ name: 'serve', priority: 1, includeDependenciesRecursively: true },
    test: /\/dist\/(?:cli\/(?:serve|serve-here)|apns\/open|fcm\/open)\.js$/,
  },
];

/** Files beside a module (gorush.proto, workers) are found from where tsc put it. */
const places: Plugin = {
  name: 'places',
  transform(code, id) {
    if (!id.startsWith(dist) || !code.includes('import.meta.url')) return undefined;
    // On the same line: the source map stays right.
    const place = `new URL(${JSON.stringify(relative(folder, id))}, import.meta.url).href`;
    return { code: code.replaceAll('import.meta.url', place), map: null };
  },
};

const isBundled = (id: string, importer: string | undefined): boolean =>
  LOADED_AT_START.test(id) || (importer?.includes('node_modules') === true && !id.startsWith('node:'));

/**
 * What the files import and an installed Martlet has not: a package of the bundler's own helpers, for example.
 * @param files names of all
 */
function missingPackages(chunks: readonly OutputChunk[], files: ReadonlySet<string>): string[] {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(dist, '..', 'package.json'), 'utf8'));
  const there = new Set(Object.keys({ ...dependencies, ...optionalDependencies }));
  const packageOf = (id: string): string => id.split('/', id.startsWith('@') ? 2 : 1).join('/');
  return chunks
    .flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports])
    .filter((id) => !isBuiltin(id) && !files.has(id) && !there.has(packageOf(id)));
}

const entry = join(dist, 'main.js');
const unbundled = readFileSync(entry, 'utf8');
/**
 * What V8 has compiled is kept beside it, for the next start, where that folder may be written to. Node says nothing where it may not.
 */
const START = `import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
enableCompileCache(fileURLToPath(new URL('compile-cache', import.meta.url)));
await import('./bundle/main.js');
`;
if (unbundled.endsWith(START)) throw new Error(`${entry} is bundled already: npm run build`);
rmSync(folder, { recursive: true, force: true });
const bundle = await rolldown({
  input: { main: entry },
  platform: 'node',
  external: (id, importer, resolved) => !resolved && /^[^./\0]/.test(id) && !isBundled(id, importer),
  plugins: [places],
});
const { output } = await bundle.write({
  ...{ dir: folder, format: 'esm', sourcemap: true },
  // What tsc wrote has ours; the licences are in LICENSES.txt.
  comments: false,
  ...{ entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
  codeSplitting: { groups: LOADED_TOGETHER },
});
const chunks = output.filter((part) => part.type === 'chunk');
const missing = missingPackages(chunks, new Set(output.map(({ fileName }) => fileName)));
if (missing.length > 0) throw new Error(`the bundle imports what package.json does not name: ${missing.join(', ')}`);
for (const { fileName } of chunks) {
  const path = join(folder, fileName);
  writeFileSync(path, inAscii(readNodeModulesByName(readFileSync(path, 'utf8'))));
}
// What a map maps to lies beside it, or in node_modules; a file without code of ours has none.
for (const { fileName } of output.filter((part) => part.fileName.endsWith('.map'))) {
  const path = join(folder, fileName);
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), sourcesContent: undefined }));
}
writeFileSync(join(folder, 'LICENSES.txt'), licencesOf(chunks.flatMap(({ moduleIds }) => moduleIds)));
// Its first line names the flags of Node.
writeFileSync(entry, `${unbundled.split('\n', 1)[0]}\n${START}`);
console.log(`${relative(process.cwd(), folder)}: ${chunks.length} files`);
