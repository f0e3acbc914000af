import { background } from '../kit/background.ts';
import type { Log } from '../observe/log/log.ts';
import type { CliContext } from './context.ts';

export interface Ending {
  /** Ends in order. */
  readonly close: () => Promise<void>;
  /** For SIGHUP, after the log has opened its files again. */
  readonly reload: () => void;
}

/** Ctrl-C in a terminal is sent to all of its processes, and npm hands its own on to what it has started: those two are one. */
const ONE_SIGNAL_MS = 300;

/**
 * Call first of all: signals that mean nothing yet, or nothing to this process, would end it by Node's default. SIGHUP and SIGUSR2
 * are for what serves. A worker is ended by its primary, which gets the other signals as well.
 */
export function outliveSignals(context: CliContext): void {
  const signals = context.isWorker
    ? (['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const)
    : (['SIGHUP', 'SIGUSR2'] as const);
  for (const signal of signals) context.onSignal(signal, () => {});
}

/**
 * SIGTERM and SIGINT end the process in order; a second signal ends it at once, what is queued being on disk. A worker whose primary
 * is gone ends itself.
 * @param now monotonic milliseconds
 */
export function endOnSignals(
  context: CliContext,
  log: Log,
  { close, reload }: Ending,
  now: () => number = () => performance.now(),
): void {
  let closing: { readonly why: string; readonly since: number } | undefined;
  const end = (why: string): void => {
    if (closing?.why === why && now() - closing.since < ONE_SIGNAL_MS) return;
    if (closing) context.exit(1);
    closing = { why, since: now() };
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
    context.onDisconnect(() => end('the primary is gone'));
    return;
  }
  context.onSignal('SIGTERM', () => end('SIGTERM'));
  context.onSignal('SIGINT', () => end('SIGINT'));
  context.onSignal('SIGHUP', () => {
    log.reopen();
    reload();
  });
}
