/** What a process and its descendants have cost so far, from /proc (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

/** Microseconds in one tick of /proc/<pid>/stat: USER_HZ, which Linux fixes at 100 for user space. */
const TICK_US = 10_000;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly cpuUs: number;
}

/** Fields 4 (ppid) and 14–17 (utime, stime, and those of children that ended) of proc_pid_stat(5). */
function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [utime = 0, stime = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
    return { pid, parent: fields[1] as number, cpuUs: (utime + stime + childUser + childSystem) * TICK_US };
  } catch {
    return undefined;
  }
}

function tree(root: number): Stat[] {
  const all = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readStat(Number(name)) : undefined;
    if (stat) all.set(Number(name), stat);
  }
  const below = (pid: number): boolean => {
    for (let at: number | undefined = pid; at; at = all.get(at)?.parent) if (at === root) return true;
    return false;
  };
  return [...all.values()].filter(({ pid }) => below(pid));
}

/** User and system time of the whole tree, microseconds. */
export const cpuOf = (pid: number): number => tree(pid).reduce((sum, { cpuUs }) => sum + cpuUs, 0);

const kilobytes = (pid: number, field: string): number => {
  try {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return Number(found?.[1] ?? 0);
  } catch {
    return 0;
  }
};

/** Megabytes: the most that was resident (the sum over the tree), and what is now. */
export function memoryOf(pid: number): { readonly peak: number; readonly now: number } {
  const processes = tree(pid);
  const sum = (field: string) => processes.reduce((total, one) => total + kilobytes(one.pid, field), 0) / 1024;
  return { peak: sum('VmHWM'), now: sum('VmRSS') };
}
