import { availableParallelism } from 'node:os';
import { forkWorker } from '../host/cluster/node-cluster.ts';
import { ClusterPrimary } from '../host/cluster/primary.ts';
import { background } from '../kit/background.ts';
import { toMs } from '../kit/seconds.ts';
import type { Log } from '../observe/log/log.ts';
import type { FullConfig } from '../providers/registry.ts';
import type { CliContext } from './context.ts';
import { endOnSignals } from './end-on-signals.ts';

/** `core.processes` (0: one for each core): this process only keeps the workers, which share the port. SIGUSR2 restarts them one at a time. */
export async function serveWithWorkers({ core, hub }: FullConfig, log: Log, context: CliContext): Promise<void> {
  const workers = core.processes || availableParallelism();
  const primary = new ClusterPrimary({
    workers,
    fork: forkWorker,
    rememberMs: toMs(hub.streams.retention),
    tell: (level, message) => log[level](message),
    onStillborn: () => context.exit(1),
  });
  const close = async (): Promise<void> => {
    await primary.close();
    log.close();
  };
  endOnSignals(context, log, { close, reload: () => primary.reopen() });
  context.onSignal('SIGUSR2', () => background(primary.restart()));
  const url = await primary.start();
  log.info(`${workers} workers serve ${url ?? 'no HTTP (core.enabled: false)'}`);
}
