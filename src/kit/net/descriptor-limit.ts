import { readFileSync } from 'node:fs';

/**
 * Files and connections that this process may have open at once (`ulimit -n`); Node raises the soft limit to the hard one at its start.
 * Infinity where the system does not say.
 */
export function descriptorLimit(read: () => string = () => readFileSync('/proc/self/limits', 'latin1')): number {
  try {
    const [, soft = ''] = /^Max open files +(\d+|unlimited)/m.exec(read()) ?? [];
    return /^\d+$/.test(soft) ? Number(soft) : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
