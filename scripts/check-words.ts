/**
 * Plain words: how often each mannered word stands in src/ (the console's page among it), docs/, README.md and AGENTS.md, by word
 * and by file, with a line for each. Ends with 1 when there are more than BASELINE.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** How many there may be. */
const BASELINE = 0;

const words: Readonly<Record<string, RegExp>> = {
  whoever: /\bwho(?:so)?ever\b|\bwhomever\b/gi,
  // Java's `noBody()` is a name.
  'somebody, nobody': /\b(?:some|no|any|every)body\b(?!\()/gi,
  // "There is none" is plain.
  'is none': /(?<!\bthere )\b(?:is|are|was|were|be) none\b/gi,
  'goes before': /\b(?:go|goes|went|gone) before\b/gi,
  anew: /\banew\b/gi,
  besides: /\bbesides\b/gi,
  'is told': /\b(?:is|are|was|were|be|been|being) told\b/gi,
  'he, his': /\b(?:he|him|his|himself)\b/gi,
};

const TEXT = /\.(?:ts|js|md|html|css|yml|proto)$/;

interface Hit {
  readonly word: string;
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

function hitsIn(file: string): Hit[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((text, index) =>
    Object.entries(words).flatMap(([word, pattern]) =>
      (text.match(pattern) ?? []).map(() => ({ word, file, line: index + 1, text: text.trim() })),
    ),
  );
}

const tracked = execFileSync('git', ['ls-files', '--', 'src', 'docs', 'README.md', 'AGENTS.md'], { encoding: 'utf8' });
const hits = tracked
  .split('\n')
  .filter((path) => TEXT.test(path))
  .flatMap(hitsIn);

for (const word of Object.keys(words)) {
  const byFile = Map.groupBy(
    hits.filter((hit) => hit.word === word),
    ({ file }) => file,
  );
  console.log(`${word}: ${[...byFile.values()].flat().length}`);
  for (const [file, found] of byFile) {
    console.log(`  ${file}: ${found.length}`);
    for (const { line, text } of found) console.log(`    ${file}:${line}: ${text}`);
  }
}
console.log(`${hits.length} in all; there may be ${BASELINE}`);
process.exitCode = hits.length > BASELINE ? 1 : 0;
