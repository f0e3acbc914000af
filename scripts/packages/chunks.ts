/** The program as CommonJS, for the executable: no file and no package is looked for when it runs. */
import { join, relative, sep } from 'node:path';
import { type OutputChunk, type Plugin, rolldown } from 'rolldown';
import { INSIDE } from '../../src/kit/files/own-file.ts';
import { inAscii } from '../bundle/in-ascii.ts';

/** A module keeps its place, and takes along what it would load by a path. */
const inside = (root: string): Plugin => ({
  name: 'inside',
  transform(code, id) {
    if (!code.includes('import.meta.url')) return undefined;
    const place = JSON.stringify(INSIDE + relative(root, id).split(sep).join('/'));
    const required = code.replaceAll('createRequire(import.meta.url)(', 'require(');
    return { code: required.replaceAll('import.meta.url', place), map: null };
  },
});

/** @param entry a module, from the root of the repository. @returns a file for each chunk; the first one is the entry's */
export async function chunksOf(
  root: string,
  entry: string,
  options: { readonly inOne: boolean },
): Promise<OutputChunk[]> {
  const bundle = await rolldown({
    input: join(root, entry),
    platform: 'node',
    plugins: [inside(root)],
    // Optional halves of packages, which they do without.
    external: ['pg-native', 'bufferutil', 'utf-8-validate'],
  });
  const { output } = await bundle.generate({
    ...{ format: 'cjs', comments: false, entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    ...(options.inOne ? { codeSplitting: false } : {}),
  });
  const chunks = output.filter((part) => part.type === 'chunk');
  return chunks.map((chunk) => ({ ...chunk, code: inAscii(chunk.code.replace(/^#!.*/, '')) }));
}
