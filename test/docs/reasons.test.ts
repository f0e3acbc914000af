import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

const known = new Set([...page('errors.md').matchAll(/^\| `([A-Za-z_]+)/gm)].map(([, reason]) => reason));
/** Written like a reason, and none. */
const OTHERS = new Set(['SANDBOX']);

test.each(['first-push.md', 'troubleshooting.md'])('%s names only reasons that docs/errors.md explains', (name) => {
  const words = [...page(name).matchAll(/`([A-Z][a-z]+[A-Z][A-Za-z]+|[A-Z][A-Z_]{5,})`/g)].map(
    ([, word]) => word as string,
  );
  expect(words.length).toBeGreaterThan(5);
  expect(words.filter((word) => !known.has(word) && !OTHERS.has(word))).toEqual([]);
});
