import { Random } from '../fuzz/random.ts';
import { type Pump, parsePattern, pumpsOf } from './pattern-tree.ts';

/** No expression of ours asks for it. */
const STRANGER = '\u0001';
/** Characters: where the ways double with each of them, where they make a square, and where they make a small part of a square. */
const LENGTHS = [26, 20_000, 200_000];
/** What a text of the longest costs an expression that looks at each character once; a square costs more at the second. */
const FREE_MICROSECONDS = 20_000;
const PARTS = 10;
/** Ten texts of a tenth cost as much as the whole; where it is a square, a tenth of it. */
const MOST_GROWTH = 4;

/** Microseconds of this thread's own time: what else the machine does is not counted. */
function cost(expression: RegExp, text: string, times = 1): number {
  const before = process.threadCpuUsage();
  for (let i = 0; i < times; i++) text.replace(expression, '');
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}

/** The same where it must fail at its end, or cannot begin at its beginning. */
const withStrangers = ({ before, again, after }: Pump): Pump[] => [
  ...[after, '', STRANGER].map((end) => ({ before, again, after: end })),
  { before: STRANGER + before, again, after: STRANGER },
];

const filled = ({ before, again, after }: Pump, length: number): string =>
  before + again.repeat(Math.ceil(length / again.length)) + after;

function trouble(expression: RegExp, pump: Pump): string | undefined {
  for (const length of LENGTHS) {
    const text = filled(pump, length);
    if (cost(expression, text) < FREE_MICROSECONDS) continue;
    // Once more: what is compiled, and what the collector does, is not of the text.
    const whole = cost(expression, text);
    if (whole < FREE_MICROSECONDS) continue;
    const parts = cost(expression, filled(pump, length / PARTS), PARTS);
    if (whole > MOST_GROWTH * parts)
      return `${length} characters take ${whole} µs, ${PARTS} tenths of them ${parts} µs`;
  }
  return undefined;
}

/** Tells of a text that costs the expression more than in proportion to its length; undefined when none was found. */
export function weaknessOf(expression: RegExp, rounds: number, seed: number): string | undefined {
  const random = new Random(seed);
  const tree = parsePattern(expression);
  const tried = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    for (const pump of pumpsOf(tree, (count) => random.below(count)).flatMap(withStrangers)) {
      const name = JSON.stringify(pump);
      if (tried.has(name)) continue;
      tried.add(name);
      const why = trouble(expression, pump);
      if (why !== undefined) return `${name}: ${why}`;
    }
  }
  return undefined;
}
