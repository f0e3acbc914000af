import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert?: string }[] }[];
}

test('every alert has a section in docs/operations.md that says what to look at and what to do, and no section is left over', () => {
  const { groups } = parse(read('deploy/prometheus/martlet.rules.yml')) as Rules;
  const alerts = groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []));
  const sections = read('docs/operations.md')
    .split(/^(?=###? )/m)
    .filter((section) => section.startsWith('### Martlet'));
  expect(sections.map((section) => section.match(/^### (\w+)/)?.[1]).sort()).toEqual([...alerts].sort());
  for (const section of sections) expect(section).toMatch(/\*\*Look:\*\*[\s\S]+\*\*Remedy:\*\*/);
});
