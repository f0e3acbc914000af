import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** What a table row or the text around it calls a line of the log; `…` and a number that is counted stand for anything. */
const linesOf = (page: string): string[] => {
  const [, table = ''] = page.split('### What the log says of outages');
  const rows = table.split('\n## ')[0]?.match(/^\| `.*$/gm) ?? [];
  return rows.map((row) => row.split('`')[1] as string);
};

const wordsOf = (line: string): string[] =>
  line
    .replace(/^(?:redis|expo|stat\.engine redis): /, '')
    .split(/…|\bN\b|:/)
    .map((words) => words.replace(/^[;:, ]+|[;:, ]+$/g, ''))
    .filter((words) => words.length > 8);

test('every line of the log that docs/operations.md lists is one that the code writes', () => {
  const code = globSync('src/**/*.ts').map((file) => readFileSync(file, 'utf8'));
  const lines = linesOf(readFileSync('docs/operations.md', 'utf8'));
  expect(lines.length).toBeGreaterThan(20);
  const missing = lines.flatMap(wordsOf).filter((words) => !code.some((text) => text.includes(words)));
  expect(missing).toEqual([]);
});
