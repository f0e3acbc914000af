import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule, Vitest } from 'vitest/node';

const FOLDERS = 12;
const FILES = 8;

interface Spent {
  readonly name: string;
  ms: number;
  files: number;
  tests: number;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1).padStart(7)} s`;

/** From the first line to the last, imports included. */
function timeOf(module: TestModule): number {
  const { collectDuration, duration, prepareDuration, environmentSetupDuration, setupDuration } = module.diagnostic();
  return collectDuration + duration + prepareDuration + environmentSetupDuration + setupDuration;
}

/** Added up by a name, the slowest first. */
function spentBy(modules: readonly TestModule[], nameOf: (module: TestModule) => string): Spent[] {
  const all = new Map<string, Spent>();
  for (const module of modules) {
    const name = nameOf(module);
    const spent = all.get(name) ?? { name, ms: 0, files: 0, tests: 0 };
    spent.ms += timeOf(module);
    spent.files += 1;
    spent.tests += [...module.children.allTests()].length;
    all.set(name, spent);
  }
  return [...all.values()].sort((a, b) => b.ms - a.ms);
}

const pathOf = (module: TestModule): string => module.relativeModuleId.replace(/^test\//, '');

function printTimes(modules: readonly TestModule[]): void {
  const line = ({ name, ms, files, tests }: Spent): string =>
    `${seconds(ms)}  ${name.padEnd(30)} ${String(tests).padStart(5)} tests in ${files} ${files === 1 ? 'file' : 'files'}`;
  const projects = spentBy(modules, ({ project }) => project.name);
  const folders = spentBy(modules, (module) => `${module.project.name}: ${pathOf(module).split('/')[0]}`);
  console.log('\nTime by project, in all workers together:');
  for (const spent of projects) console.log(line(spent));
  console.log('The slowest folders:');
  for (const spent of folders.slice(0, FOLDERS)) console.log(line(spent));
  console.log('The slowest files:');
  for (const { name, ms } of spentBy(modules, pathOf).slice(0, FILES)) console.log(`${seconds(ms)}  ${name}`);
}

/** @returns how many tests were skipped */
function printSkipped(modules: readonly TestModule[]): number {
  const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')]);
  const reasons = new Map<string, number>();
  for (const test of skipped) {
    const { lacks = [] } = test.meta();
    const reason =
      lacks.length > 0 ? `for lack of ${lacks.join(' and ')}` : `for no reason of their own: ${pathOf(test.module)}`;
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  if (skipped.length > 0) console.log(`\n${skipped.length} tests were skipped:`);
  for (const [reason, count] of reasons) console.log(`${String(count).padStart(7)}  ${reason}`);
  return skipped.length;
}

/**
 * Writes the paths of the files that failed, a line each, to the file that `GATE_FAILED` names: `.ci/run` runs those once more. Nothing
 * where an error belongs to no file, as that would not be looked at again.
 */
function noteFailed(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
  const path = process.env.GATE_FAILED;
  if (path === undefined) return;
  const failed = modules.filter((module) => !module.ok()).map(({ moduleId }) => moduleId);
  const places = [...failed, ...errors.map((error) => (error as { VITEST_TEST_PATH?: string }).VITEST_TEST_PATH)];
  if (places.includes(undefined)) return;
  writeFileSync(path, [...new Set(places)].map((place) => `${place}\n`).join(''));
}

/** What is printed after the tests: where the time went, and what was not tested for lack of what. In CI a skipped test is a failure. */
export class GateReporter implements Reporter {
  #isFiltered = false;

  onInit(vitest: Vitest): void {
    this.#isFiltered = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    noteFailed(modules, errors);
    if (modules.length > 1) printTimes(modules);
    // With `-t` all other tests count as skipped.
    if (!this.#isFiltered && printSkipped(modules) > 0 && process.env.CI) {
      console.log('CI is set: what is missing is installed there, and nothing is skipped.');
      process.exitCode = 1;
    }
  }
}
