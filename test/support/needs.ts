import { programPath, type Requirement, type RequirementName, requirements } from './requirements.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** Why the test is skipped: each thing that is missing, and what brings it. */
    lacks?: readonly string[];
  }
}

/** What tests ask for is looked for once in each process. */
const known = new Map<RequirementName, boolean>();

function isThere(name: RequirementName): boolean {
  const before = known.get(name);
  if (before !== undefined) return before;
  const { isThere: look = () => programPath(name) !== undefined }: Requirement = requirements[name];
  const found = look();
  known.set(name, found);
  return found;
}

/**
 * Options for a test or a group that cannot run without these: `test('…', needs('redis-server'), …)`. Where one is missing it is skipped;
 * gate-reporter.ts lists after the run what was missing, and fails the run when CI is set.
 */
export function needs(...names: readonly RequirementName[]): { skip: boolean; meta: { lacks: readonly string[] } } {
  const lacks = names.filter((name) => !isThere(name)).map((name) => `${name} (${requirements[name].from})`);
  return { skip: lacks.length > 0, meta: { lacks } };
}
