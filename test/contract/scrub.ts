import type { Bench } from './bench.ts';
import { isFields, type Tree } from './corpus-case.ts';
import type { Workplace } from './workplace.ts';

/** Where the hook was when the corpus was recorded. */
const RECORDED_HOOK = 'http://127.0.0.1:9099';

/** Puts the corpus's placeholders and the providers' real names in the place of what this run made up. */
export function scrubber({ providers, credentials }: Bench, { dir, port }: Workplace): (tree: Tree) => Tree {
  const ownPort = new RegExp(`\\b${port}\\b`, 'g');
  const text = (value: string): string => {
    let clean = value.replaceAll(dir, '<tmp>').replaceAll(credentials.path, '<creds>');
    for (const [host, origin] of Object.entries(providers.origins)) clean = clean.replaceAll(origin, `https://${host}`);
    clean = clean.replaceAll(providers.hookUrl, RECORDED_HOOK);
    return clean.replaceAll(ownPort, '<port>').replaceAll(/\[::1\]:<port>/g, '127.0.0.1:<port>');
  };
  const scrub = (tree: Tree): Tree => {
    if (typeof tree === 'string') return text(tree);
    if (Array.isArray(tree)) return tree.map(scrub);
    if (!isFields(tree)) return tree;
    return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, scrub(value)]));
  };
  return scrub;
}
