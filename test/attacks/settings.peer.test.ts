import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { loadConfig } from '../../src/host/config/load.ts';
import { SHAPES } from './text-fields.ts';

const LONG = 60_000;
/** Of a whole round of some hundred texts: the square of one text takes more. */
const FREE_MS = 1000;
const MOST = 8;

const docs = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
const variables = [...new Set([...docs.matchAll(/`(GORUSH_[A-Z0-9_]+)`/g)].map(([, name]) => name as string))];

/** Whatever is wrong with it is told. */
function attempt(read: () => unknown): void {
  try {
    read();
  } catch {
    // It was refused.
  }
}

/** Milliseconds of this thread's own time. */
function cpuMs(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

function compare(name: string, read: (text: string) => void): void {
  const letters = (SHAPES.letters as (length: number) => string)(LONG);
  const text = (SHAPES[name] as (length: number) => string)(LONG);
  read(letters);
  const harmless = cpuMs(() => read(letters));
  expect(cpuMs(() => read(text))).toBeLessThan(MOST * harmless + FREE_MS);
}

describe('settings', () => {
  it.each(Object.keys(SHAPES))('with %s are read in proportion to their length', (name) => {
    expect(variables.length).toBeGreaterThan(180);
    compare(name, (text) => {
      for (const variable of variables)
        attempt(() => loadConfig({ env: { [variable]: text }, cwd: import.meta.dirname }));
      attempt(() => loadConfig({ env: {}, cwd: import.meta.dirname, home: '/', path: text }));
    });
  });

  it.each(Object.keys(SHAPES))('and arguments with %s are, too', (name) => {
    compare(name, (text) => {
      for (const flag of ['-m', '-t', '-topic', '-title', '-c', '--proxy', '-k', text, `-${text}`, `--${text}=${text}`])
        for (const argv of [[flag, text], [`${flag}=${text}`], ['explain', flag, text], ['-ios', flag, text]])
          attempt(() => parseCommandLine(argv));
    });
  });
});
