import { background } from '../kit/background.ts';
import type { Log } from '../observe/log/log.ts';
import type { CliContext } from './context.ts';

export interface Ending {
  /** Ends in order. */
  readonly close: () => Promise<void>;
  /** For SIGHUP, after the log has opened its files again. */
  readonly reload: () => void;
}

/**
 * SIGTERM and SIGINT end the process in order; a second signal ends it at once, what is queued being on disk. A worker is ended by
 * its primary, which gets the signals as well; a worker whose primary is gone ends itself.
 */
export function endOnSignals(context: CliContext, log: Log, { close, reload }: Ending): void {
  let isClosing = false;
  const end = (why: string): void => {
    if (isClosing) context.exit(1);
    isClosing = true;
    log.info(`${why}: draining; a second signal ends the process at once`);
    background(
      close().then(() => context.exit(0)),
      (error) => {
        log.error(`the shutdown failed: ${error.message}`);
        log.flush();
        context.exit(1);
      },
    );
  };
  if (context.isWorker) {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const) context.onSignal(signal, () => {});
    context.onDisconnect(() => end('the primary is gone'));
    return;
  }
  context.onSignal('SIGTERM', () => end('SIGTERM'));
  context.onSignal('SIGINT', () => end('SIGINT'));
  context.onSignal('SIGHUP', () => {
    log.reopen();
    reload();
  });
  // It restarts workers; without any, Node's default would end the process undrained.
  context.onSignal('SIGUSR2', () => {});
}
