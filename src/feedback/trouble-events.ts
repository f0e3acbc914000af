import type { Throttle } from '../kit/throttle.ts';
import type { Log } from '../observe/log/log.ts';
import { sinkOf } from './sink-queue.ts';

/** What is logged. */
export interface BacklogEvents {
  /** A call failed; the entry is tried again. `lasting`: several in a row did. */
  failed(reason: string, lasting: boolean): void;
  /** A call was taken after several in a row had failed. */
  recovered(): void;
  /** Entries are lost for good. */
  dropped(entries: number, why: string): void;
}

/** As the log says it, of the hook of an app and of a sink. */
const texts = {
  hook: {
    lasting: 'the feedback hook keeps failing; its entries wait',
    failed: 'a call of the feedback hook failed and is repeated',
    recovered: 'the feedback hook takes calls again',
    dropped: 'the feedback hook will never hear of some failures',
  },
  sink: {
    lasting: 'the sink keeps failing; its events wait',
    failed: 'a call of the sink failed and is repeated',
    recovered: 'the sink takes calls again',
    dropped: 'the sink will never hear of some events',
  },
} as const;

/** Says of the hook of an app, or of a sink, what an operator should know. @param waiting how many entries are */
export function troubleEvents(
  log: Pick<Log, 'error' | 'warn'>,
  throttle: Throttle,
  queue: string,
  origin: () => string | undefined,
  waiting: () => number,
): BacklogEvents {
  /** That it keeps failing, since it last took a call. */
  let isSaid = false;
  const sink = sinkOf(queue);
  const who = sink === undefined ? { app: queue } : { sink };
  const text = sink === undefined ? texts.hook : texts.sink;
  return {
    failed(reason, lasting) {
      throttle.add(lasting ? 'lasting' : 'failed', 1, (calls) => {
        const fields = { ...who, hook: origin(), reason, calls, waiting: waiting() };
        isSaid ||= lasting;
        if (lasting) log.error(text.lasting, fields);
        else log.warn(text.failed, fields);
      });
    },
    recovered() {
      if (!isSaid) return;
      isSaid = false;
      log.warn(text.recovered, { ...who, hook: origin(), waiting: waiting() });
    },
    dropped(entries, why) {
      throttle.add(why, entries, (total) =>
        log.error(text.dropped, {
          ...who,
          hook: origin(),
          entries: total,
          reason: why,
        }),
      );
    },
  };
}
