import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { requirements } from './support/requirements.ts';

const files = globSync('test/**/*.ts').map((path) => path.replaceAll('\\', '/'));
const tests = files.filter((path) => path.endsWith('.test.ts'));
const self = 'test/test-rules.test.ts';

const textOf = new Map(files.map((path) => [path, readFileSync(path, 'utf8')]));
const isUnit = (path: string): boolean => !/\.(peer|heavy)\.test\.ts$/.test(path);

/** The files of test/ that a file imports, itself among them, however many imports away. */
function reached(path: string, seen = new Set<string>()): Set<string> {
  const text = textOf.get(path);
  if (text === undefined || seen.has(path)) return seen;
  seen.add(path);
  for (const [, target] of text.matchAll(/^(?:import|export)\s(?!type\s)[^;]*?'(\.[^']+)'/gms))
    reached(posix.join(posix.dirname(path), target as string), seen);
  return seen;
}

/** Lines of test/ that match, as `file:line: text`. */
function lines(pattern: RegExp, but: readonly string[] = []): string[] {
  return [...textOf]
    .filter(([path]) => path !== self && !but.includes(path))
    .flatMap(([path, text]) =>
      text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
    );
}

describe('the projects', () => {
  // The lookup of programs runs npm and unshare, for peers and heavy only.
  const LOOKUP = 'test/support/requirements.ts';

  test('a unit test starts no process: what does is called *.peer.test.ts or *.heavy.test.ts', () => {
    const startsProcess = (path: string): boolean =>
      path !== LOOKUP && /'(node:child_process|playwright-core)'/.test(textOf.get(path) ?? '');
    const wrong = tests
      .filter(isUnit)
      .flatMap((path) =>
        [...reached(path)].filter((each) => startsProcess(each)).map((each) => `${path} reaches ${each}`),
      );
    expect(wrong).toEqual([]);
  });

  test('a unit test needs nothing that a machine may lack', () => {
    const wrong = tests.filter(isUnit).filter((path) => /\bneeds\('(?!linux|\/dev\/full)/.test(textOf.get(path) ?? ''));
    expect(wrong.filter((path) => path !== self)).toEqual([]);
  });

  test('a suffix is one of the two', () => {
    const names = tests.map((path) => posix.basename(path));
    expect(names.filter((name) => !/^[a-z0-9-]+(\.peer|\.heavy)?\.test\.ts$/.test(name))).toEqual([]);
  });
});

describe('what a test waits for', () => {
  test('is never a second or more of time', () => {
    const pause = /\b(?:sleep|pause|delay)\((\d[\d_]*)\b|setTimeout\([^\n]*,\s*(\d[\d_]*)\)/;
    const long = lines(pause).filter((line) => {
      const [, slept, timed] = pause.exec(line) as RegExpExecArray;
      return Number((slept ?? timed)?.replaceAll('_', '')) >= 1000;
    });
    expect(long).toEqual([]);
  });

  test('is never less than so many milliseconds of the wall clock', () => {
    const measured = [...textOf].flatMap(([path, text]) =>
      [...text.matchAll(/\b(?:const|let) (\w+)[^=\n]* = [^;\n]*(?:performance|Date)\.now\(\) - /g)]
        .map(([, name]) => name as string)
        .filter((name) => new RegExp(`expect\\([^)]*\\b${name}\\b[^)]*\\)\\S*\\.toBe(Less|Greater)`).test(text))
        .map((name) => `${path}: ${name}`),
    );
    expect(measured).toEqual([]);
    expect(lines(/expect\([^;]*(performance|Date)\.now\(\)[^;]*\.toBe(Less|Greater)/)).toEqual([]);
  });

  test('is awaited with the patience of test/support, not with the second that Vitest has', () => {
    expect(lines(/\bvi\.wait(For|Until)\(/, ['test/support/eventually.ts'])).toEqual([]);
    expect(
      lines(/\bfunction (until|eventually|freePort)\(/, ['test/support/until.ts', 'test/support/free-port.ts']),
    ).toEqual([]);
  });
});

describe('a test that cannot run', () => {
  test('says what it needs, by test/support/needs.ts', () => {
    expect(lines(/\.(skipIf|runIf|skip|todo|only)\(|\b(skip|todo|only): true/)).toEqual([]);
  });

  test('finds what it needs in CI: .ci/run installs it', () => {
    const script = readFileSync('.ci/run', 'utf8');
    const missing = Object.entries(requirements).filter(([program, { from }]) => {
      const [, name] = /^(?:apt-get|pip) install (\S+)$/.exec(from) ?? (from.startsWith('go ') ? [from, program] : []);
      return name !== undefined && !script.includes(name);
    });
    expect(missing).toEqual([]);
  });
});
