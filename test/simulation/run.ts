import { playHistory } from './history.ts';

// npm run simulate: HISTORIES (default 10,000) random histories from SEED (default: the time) on. With SEED alone a failure is
// played again: SEED=… HISTORIES=1 npm run simulate.
const histories = Number(process.env.HISTORIES ?? 10_000);
const first = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const sum = { accepted: 0, results: 0, repeated: 0, crashes: 0 };
const failures: number[] = [];
const begun = performance.now();

for (let seed = first; seed < first + histories; seed++) {
  const report = await playHistory(seed);
  sum.accepted += report.accepted;
  sum.results += report.results;
  sum.repeated += report.repeated;
  sum.crashes += report.crashes;
  if (report.violations.length === 0) continue;
  failures.push(seed);
  console.log(`SEED=${seed}: ${report.violations.length} broken promises`);
  for (const violation of report.violations.slice(0, 5)) console.log(`  ${violation}`);
}

const seconds = ((performance.now() - begun) / 1000).toFixed(1);
console.log(
  `${histories} histories from SEED=${first} in ${seconds} s: ${sum.accepted} accepted, ${sum.results} with a result, ` +
    `${sum.repeated} results told twice after ${sum.crashes} ends of the process, ${failures.length} histories failed`,
);
if (failures.length > 0) {
  console.log(`play the first again: SEED=${failures[0]} HISTORIES=1 npm run simulate`);
  process.exitCode = 1;
}
