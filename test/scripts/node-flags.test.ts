import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nodeFlags } from '../../scripts/node-flags.ts';

const textOf = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const flags = nodeFlags();

test('every way to start the program gives Node the same flags', () => {
  expect(flags).toContain('--max-semi-space-size=8');
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
  expect(scripts.start).toBe(`exec node ${flags.join(' ')} src/main.ts`);
  expect(textOf('bin/martlet')).toContain(`exec "$node" ${flags.join(' ')} "$main" "$@"\n`);
});

test('the docs tell what each of them is for', () => {
  const page = textOf('docs/operations.md');
  for (const flag of flags) expect(page).toContain(`\`${flag}\``);
});
