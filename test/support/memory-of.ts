import { readFileSync } from 'node:fs';

/** MiB of a process in memory (proc(5), `VmRSS`). */
export function residentOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
