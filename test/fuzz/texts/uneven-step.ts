import { parserSteps } from './parser-steps.ts';
import type { TextShape } from './text-shape.ts';

/** Characters: short enough that a square of them ends, long enough that it shows. */
const LONG = 200_000;
const PARTS = 10;
/** Of what a step takes for ten texts of a tenth the whole may take so much; of a square it takes ten times as much. */
const MOST_GROWTH = 4;
/** Below this the clock and the collector say more than the text; in microseconds. */
const FREE = 60_000;

/** Of this thread's own time, in microseconds. */
function cost(step: (text: string) => unknown, text: string, times: number): number {
  const before = process.threadCpuUsage();
  for (let i = 0; i < times; i++) {
    try {
      step(text);
    } catch {
      // It was refused.
    }
  }
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}

/** Tells of a step that takes more than in proportion to the length of such texts; undefined when none does. */
export function unevenStep(shape: TextShape, steps = parserSteps): string | undefined {
  const [whole, part] = [shape.of(LONG), shape.of(LONG / PARTS)];
  for (const [name, step] of Object.entries(steps)) {
    if (cost(step, whole, 1) < FREE) continue;
    // Both again, in turn: what is compiled meanwhile, and what the collector does, is of both.
    const parts = Math.max(cost(step, part, PARTS), cost(step, part, PARTS));
    const all = Math.min(cost(step, whole, 1), cost(step, whole, 1));
    if (all > MOST_GROWTH * parts + FREE)
      return `${name} with ${shape.name}: ${LONG} characters take ${all} µs, ${PARTS} tenths of them ${parts} µs`;
  }
  return undefined;
}
