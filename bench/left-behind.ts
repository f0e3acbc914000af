/** Nothing outlives the bench, however it ends: what is noted here is undone when the process exits. */
import type { ChildProcess } from 'node:child_process';
import process from 'node:process';

const undo = new Set<() => void>();

process.on('exit', () => {
  for (const one of undo) one();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

/** Calls `work` at the exit of this process, unless what is returned was called before. */
export function atExit(work: () => void): () => void {
  undo.add(work);
  return () => void undo.delete(work);
}

/** Kills `child` at the exit of this process if it still runs. */
export function killAtExit<T extends ChildProcess>(child: T): T {
  child.once(
    'close',
    atExit(() => child.kill('SIGKILL')),
  );
  return child;
}
