import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const pages = globSync(['*.md', 'docs/**/*.md', 'examples/*/*.md', 'deploy/**/*.md'], { cwd: root }).sort();

const withoutCode = (markdown: string): string =>
  markdown.replaceAll(/^```.*?^```$/gms, '').replaceAll(/`[^`\n]*`/g, '');

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(path: string): Set<string> {
  const seen = new Map<string, number>();
  const headings = readFileSync(path, 'utf8')
    .replaceAll(/^```.*?^```$/gms, '')
    .matchAll(/^#+ +(.*)$/gm);
  return new Set(
    [...headings].map(([, text]) => {
      const anchor = (text as string)
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
        .replaceAll(' ', '-');
      const times = seen.get(anchor) ?? 0;
      seen.set(anchor, times + 1);
      return times === 0 ? anchor : `${anchor}-${times}`;
    }),
  );
}

/** Each link of a page to a file of ours that is not there, or to a heading that is not in it. */
function deadLinks(page: string): string[] {
  const text = withoutCode(readFileSync(join(root, page), 'utf8'));
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link as string)
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? join(root, page) : join(root, dirname(page), path);
      if (!existsSync(target)) return true;
      return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).has(anchor);
    });
}

test.each(pages)('every link of %s leads somewhere', (page) => {
  expect(deadLinks(page)).toEqual([]);
});

test('docs/README.md leads to every page', () => {
  const index = readFileSync(join(root, 'docs/README.md'), 'utf8');
  const named = new Set([...index.matchAll(/\]\(([^)#\s]+)/g)].map(([, link]) => join('docs', link as string)));
  const missing = pages
    .filter((page) => page.startsWith('docs/') && page !== 'docs/README.md' && !page.startsWith('docs/adr/'))
    .filter((page) => !named.has(relative('', page)));
  expect(missing).toEqual([]);
});
