import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineConfig } from 'vitepress';
import { guideGroups } from '../../src/api/openapi/guides/guide-index.ts';
import { beginning } from './beginning.ts';

const docs = new URL('../../docs/', import.meta.url).pathname;
const pages = new URL('../pages/', import.meta.url).pathname;

// A copy: what a page needs of Vue is looked for above the page, and docs/ has none.
rmSync(pages, { recursive: true, force: true });
cpSync(docs, pages, { recursive: true });

/** docs/README.md is the index; the sidebar is made of it: its headings, and the pages that each of them links to. */
const groups = () =>
  guideGroups(readFileSync(join(docs, 'README.md'), 'utf8')).map(({ title, guides }) => ({
    text: title,
    items: guides.map(({ title, name }) => ({ text: title, link: `/${name}` })),
  }));

/** llms.txt (llmstxt.org): what there is, a line for each page, which lies beside as Markdown. */
function writeForReadersOfText(folder: string): void {
  const lines = groups().flatMap(({ text, items }) => [
    `## ${text}`,
    '',
    ...items.map(({ text: title, link }) => {
      const page = `${link.slice(1)}.md`;
      const target = join(folder, page);
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(join(docs, page), target);
      return `- [${title}](${page}): ${beginning(readFileSync(join(docs, page), 'utf8'))}`;
    }),
    '',
  ]);
  for (const file of ['openapi.json', 'gorush.proto']) copyFileSync(join(docs, file), join(folder, file));
  const head = [
    '# Martlet',
    '',
    '> A push notification relay that is a drop-in replacement for Gorush, and the hub in front of it.',
    '',
  ];
  writeFileSync(join(folder, 'llms.txt'), [...head, ...lines].join('\n'));
}

export default defineConfig({
  title: 'Martlet',
  description: 'A push notification relay that loses nothing, and the hub in front of it',
  srcDir: './pages',
  outDir: '../dist-site',
  cacheDir: './cache',
  base: process.env.SITE_BASE ?? '/',
  rewrites: { 'README.md': 'index.md' },
  cleanUrls: false,
  // Folders, and files beside the pages: they are looked at in the repository.
  ignoreDeadLinks: [
    /^https?:\/\/localhost/,
    /^\.\/adr\//,
    /\/adr\/index$/,
    /\.(json|proto)$/,
    /\.\.\//,
    /examples|deploy/,
  ],
  themeConfig: {
    sidebar: groups(),
    outline: [2, 3],
    search: { provider: 'local' },
    nav: [
      { text: 'Try it', link: '/first-push' },
      { text: 'API', link: '/http-api' },
      { text: 'Hub', link: '/hub' },
    ],
  },
  buildEnd: ({ outDir }) => writeForReadersOfText(outDir),
});
