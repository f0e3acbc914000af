import type { Throttle } from '../kit/throttle.ts';
import type { Log } from '../observe/log/log.ts';

/** What is logged. */
export interface BacklogEvents {
  /** A call failed; the entry is tried again. `lasting`: several in a row did. */
  failed(reason: string, lasting: boolean): void;
  /** A call was taken after several in a row had failed. */
  recovered(): void;
  /** Entries are lost for good. */
  dropped(entries: number, why: string): void;
}

/** Says of one app's hook what an operator should know. @param waiting how many entries are */
export function troubleEvents(
  log: Pick<Log, 'error' | 'warn'>,
  throttle: Throttle,
  app: string,
  origin: () => string | undefined,
  waiting: () => number,
): BacklogEvents {
  /** That it keeps failing, since it last took a call. */
  let isSaid = false;
  return {
    failed(reason, lasting) {
      throttle.add(lasting ? 'lasting' : 'failed', 1, (calls) => {
        const fields = { app, hook: origin(), reason, calls, waiting: waiting() };
        isSaid ||= lasting;
        if (lasting) log.error('the feedback hook keeps failing; its entries wait', fields);
        else log.warn('a call of the feedback hook failed and is repeated', fields);
      });
    },
    recovered() {
      if (!isSaid) return;
      isSaid = false;
      log.warn('the feedback hook takes calls again', { app, hook: origin(), waiting: waiting() });
    },
    dropped(entries, why) {
      throttle.add(why, entries, (total) =>
        log.error('the feedback hook will never hear of some failures', {
          app,
          hook: origin(),
          entries: total,
          reason: why,
        }),
      );
    },
  };
}
