import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import process from 'node:process';

const BUSY = 0.5;

/** One line for the head of the table. */
export function machineFacts(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} cores (${model}), ${memory} GiB, Linux loopback, Node ${process.versions.node}`;
}

/** A warning when something else is running: then only the ratios within one run mean anything. */
export function loadWarning(): string | undefined {
  const load = loadavg()[0] as number;
  if (load <= BUSY) return undefined;
  return `the load average is ${load.toFixed(2)}: something else is running, so only ratios within this run mean anything`;
}
