import { openDoorWarning } from '../auth/open-auth.ts';
import type { LoadedConfig } from '../host/config/load.ts';
import { createErrorNet } from '../host/error-net.ts';
import { writePidFile } from '../kit/files/pid-file.ts';
import type { Log } from '../observe/log/log.ts';
import { trustSystemAuthorities } from '../outbound/system-authorities.ts';
import type { Commands, Ran } from './command.ts';
import { type CliContext, openLog, readConfig } from './context.ts';
import { outliveSignals } from './end-on-signals.ts';
import { growHeapLess } from './heap-growth.ts';
import { startLines } from './start-lines.ts';

/** Serves until a signal ends the process: in this process, or with `core.processes` in workers of it. */
export async function serve(command: Commands['serve'], context: CliContext): Promise<Ran> {
  outliveSignals(context);
  trustSystemAuthorities();
  const loaded = readConfig(command, 'serve', context);
  // What waits in lanes and what is written outlive the young generation: docs/operations.md, "Memory".
  growHeapLess();
  const log = openLog(loaded, context);
  context.onUncaught(createErrorNet({ log, end: () => context.exit(1) }));
  if (!context.isWorker) begin(loaded, log, context);
  if (!context.isWorker && loaded.config.core.processes !== 1) {
    const { serveWithWorkers } = await import('./serve-with-workers.ts');
    await serveWithWorkers(loaded.config, log, context);
  } else {
    const { serveHere } = await import('./serve-here.ts');
    await serveHere(command, loaded, log, context);
  }
  return undefined;
}

/** What is said and done once, however many processes serve. */
function begin(loaded: LoadedConfig, log: Log, context: CliContext): void {
  const { config, warnings } = loaded;
  for (const line of startLines(loaded)) log.info(line);
  const open = openDoorWarning(config);
  for (const warning of [...warnings, ...(open ? [open] : [])]) log.warn(warning);
  const { pid } = config.core;
  if (pid.enabled) context.onExit(writePidFile(pid.path, pid.override));
}
