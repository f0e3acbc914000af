import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { complaint, load } from '../config/config-folder.ts';
import { seedStatements } from './seed-statements.ts';

const numbers = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${letter}${at + 1}`);

test('every statement of the seeds about streams is held by tests that there are, or it is said where', () => {
  expect(seedStatements.map(({ number }) => number)).toEqual([...numbers('N', 56), ...numbers('W', 31)]);
  const missing = seedStatements.flatMap(({ number, heldBy, note }) => {
    if (heldBy.length === 0 && note === undefined) return [`${number}: nothing`];
    return heldBy
      .filter(([file, title]) => {
        const text = readFileSync(file, 'utf8');
        return ![`'${title.replaceAll("'", "\\'")}'`, `"${title}"`].some((literal) => text.includes(literal));
      })
      .map(([file, title]) => `${number}: ${file} has no test "${title}"`);
  });
  expect(missing).toEqual([]);
});

test('a lease of less than a second is a mistake of the configuration', () => {
  for (const lease of ['0', '500ms'])
    expect(complaint(() => load(`hub: {streams: {lease: ${lease}}}`))).toContain('hub.streams.lease');
});
