import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { beginning } from '../../site/.vitepress/beginning.ts';

const docs = new URL('../../docs/', import.meta.url);

test('a sentence does not end within code', () => {
  expect(beginning('# Hub\n\nThe relay knows tokens. The hub (`hub.enabled: true`) knows people, and more.\n')).toBe(
    'The relay knows tokens. The hub (`hub.enabled: true`) knows people, and more.',
  );
  const long = `With \`a.b: true\` ${'much '.repeat(50)}is said.`;
  expect(beginning(`# A\n\nIt is short. ${long}`)).toBe('It is short.');
});

test('code, and which tests prove it, is no beginning of a page', () => {
  expect(beginning('# TLS\n\n```yaml\ncore:\n\nX: y\n```\n\nProof: `a.test.ts`.\n\nTo read: this.\n\nMore.')).toBe(
    'To read: this.',
  );
  expect(beginning(`# List\n\nThree ways:\n\n- one`)).toBe('Three ways.');
});

test.each(
  readdirSync(docs, { recursive: true, encoding: 'utf8' }).filter((name) => /^(?:hub\/)?[^/]+\.md$/.test(name)),
)('%s begins with a whole sentence', (name) => {
  const line = beginning(readFileSync(new URL(name, docs), 'utf8'));
  expect(line.length).toBeLessThanOrEqual(200);
  expect(line).toMatch(/^[^|]+[.?)]\**$/);
  expect(line.match(/`/g)?.length ?? 0).toSatisfy((ticks: number) => ticks % 2 === 0);
});
