import { globSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { loadConfig } from '../../src/host/config/load.ts';
import { builtIn } from '../../src/providers/registry.ts';
import { blocksOf } from './blocks.ts';

const pages = ['README.md', ...globSync('docs/**/*.md')].sort();
const samples = (...languages: readonly string[]) =>
  pages.flatMap((page) =>
    blocksOf(page, ...languages).map((text, index) => ({ name: `${page} no. ${index + 1}`, text })),
  );

/** What a page leaves out, in the form that it must have. */
const FILLS: readonly (readonly [RegExp, string])[] = [
  [/whsec_\w*…/g, `whsec_${Buffer.alloc(24, 7).toString('base64')}`],
  [/sha256: \w+…/g, `sha256: "${'ab'.repeat(32)}"`],
  [/access_token: "…"/g, 'access_token: aaaaaaaaaaaaaaaa'],
  [/token: "tk_…"/g, `token: tk_${'a'.repeat(29)}`],
  [/"xoxb-…"/g, 'xoxb-1-1-aaaa'],
  [/"AC…"/g, `AC${'0'.repeat(32)}`],
];
const filled = (text: string): string => FILLS.reduce((sum, [left, right]) => sum.replace(left, right), text);

/** A sample is a part of a file: what it needs of other sections, and the files that it names, may not be there. */
const isForTheReader = (mistake: string): boolean => /: needs |no such file|does not exist/.test(mistake);

type Sections = Readonly<Record<string, object>>;
const sections = new Set(Object.keys(builtIn.configSchema.root.properties));
const configs = samples('yaml')
  .map(({ name, text }) => ({ name, values: parse(filled(text)) as Sections }))
  .filter(({ values }) => Object.keys(values).some((section) => sections.has(section)));

function mistakesOf(values: Sections): readonly string[] {
  const around: Sections = { sandbox: { enabled: true }, android: { enabled: true }, hub: { enabled: true } };
  const whole: Record<string, object> = { ...around };
  for (const [section, keys] of Object.entries(values)) whole[section] = { ...around[section], ...keys };
  try {
    return loadConfig({ values: whole, env: {}, cwd: '/nowhere' }).unknown;
  } catch (error) {
    const { message } = error as Error;
    const lines = message.split('\n- ');
    return lines.length > 1 ? lines.slice(1) : lines;
  }
}

describe('configuration in the docs', () => {
  test.each(configs)('$name is taken', ({ values }) => {
    expect(mistakesOf(values).filter((mistake) => !isForTheReader(mistake))).toEqual([]);
  });

  test('is looked at in most of its samples', () => {
    expect(configs.length).toBeGreaterThanOrEqual(30);
  });
});

test.each(samples('json'))('the JSON of $name is JSON, but for what is left out', ({ text }) => {
  expect(() => JSON.parse(text.replaceAll(/,\s*…/g, ''))).not.toThrow();
});

/** The words of a line, as far as the line is a command: not what comes after `>`, `&`, `|` and `#`. */
const wordsOf = (line: string): string[] =>
  [...line.replace(/ (?:>|&|\||#).*$/, '').matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
const commands = samples('sh', 'bash', 'text', 'console').flatMap(({ name, text }) =>
  [...text.matchAll(/^(?:\$ |until |docker exec martlet )?martlet (.*)$/gm)].map(([, line = '']) => ({
    name,
    line: line.replace(/; do.*$/, ''),
  })),
);

describe('command lines in the docs', () => {
  test.each(commands)('martlet $line ($name) is known', ({ line }) => {
    expect(parseCommandLine(wordsOf(line))).not.toMatchObject({ kind: 'usage-error' });
  });

  test('are looked at', () => {
    expect(commands.length).toBeGreaterThanOrEqual(30);
  });
});
