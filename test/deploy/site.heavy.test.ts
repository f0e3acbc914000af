import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { needs } from '../support/needs.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const site = join(root, 'dist-site');
const read = (name: string): string => readFileSync(join(site, name), 'utf8');

describe('the pages of `npm run site`', needs('package registry'), () => {
  beforeAll(() => {
    execFileSync('npm', ['run', 'site'], { cwd: root, stdio: 'pipe' });
  }, 300_000);

  test('hold every page of docs/, with a way to each from the first', () => {
    const pages = globSync(['*.md', 'hub/*.md'], { cwd: join(root, 'docs') }).filter((page) => page !== 'README.md');
    for (const page of pages) expect(existsSync(join(site, page.replace(/md$/, 'html'))), page).toBe(true);
    const first = read('index.html');
    for (const page of pages) expect(first, page).toContain(page.replace(/md$/, 'html'));
  });

  test('can be searched without a server', () => {
    const index = globSync('assets/**/@localSearchIndexroot*.js', { cwd: site });
    expect(index).toHaveLength(1);
    expect(read(index[0] as string).includes('devicetokennotfortopic')).toBe(true);
  });

  test('tell readers of text what there is: llms.txt names each page with its beginning, and each lies there as Markdown', () => {
    const lines = read('llms.txt').split('\n');
    expect(lines[0]).toBe('# Martlet');
    const links = lines.flatMap((line) => /^- \[.+\]\((.+)\): \S/.exec(line)?.[1] ?? []);
    expect(links).toHaveLength(lines.filter((line) => line.startsWith('- ')).length);
    expect(links).toEqual(expect.arrayContaining(['first-push.md', 'hub/api.md', 'troubleshooting.md']));
    for (const link of links) expect(read(link)).toBe(readFileSync(join(root, 'docs', link), 'utf8'));
  });
});
