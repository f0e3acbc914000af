import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, test } from 'vitest';

const STATIC_IMPORT = /^(?:import|export)\s+(?!type\b)[^;]*?from '(\.[^']+)'/gm;

/** The files that are loaded with a file: its imports that are more than types, and theirs. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(STATIC_IMPORT))
    loadedWith(posix.join(posix.dirname(file), path as string), seen);
  return seen;
}

test('a relay that sends no web push loads the row alone: nothing that sends, encrypts or simulates', () => {
  const loaded = [...loadedWith('src/main.ts')].filter((file) => file.startsWith('src/webpush/'));
  expect(loaded).toContain('src/webpush/provider.ts');
  const names = loaded.map((file) => file.replace('src/webpush/', ''));
  for (const late of ['open.ts', 'transport.ts', 'origin-sender.ts', 'payload.ts', 'sandbox.ts', 'token.ts'])
    expect(names).not.toContain(late);
  expect(names.filter((name) => name.startsWith('encryption/'))).toEqual([]);
});
