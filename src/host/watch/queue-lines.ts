import type { FeedbackHook } from '../../feedback/hook.ts';
import type { Log } from '../../observe/log/log.ts';
import type { QueueWithReports } from '../../queue/create-queue.ts';

/** What may hold pushes and reports over the end of the process. */
export interface KeptParts {
  readonly queue: Pick<QueueWithReports, 'depth' | 'reports'>;
  readonly hook: Pick<FeedbackHook, 'stats'>;
  /** Pushes that are being sent. */
  readonly underWay: () => number;
  /** A broker, or a file, keeps what is not settled. */
  readonly isDurable: boolean;
}

/** Says what an earlier process left in the queue file. What waits at a broker is said once it is there. */
export function sayWhatWasFound({ queue, hook }: KeptParts, log: Pick<Log, 'info'>): void {
  const { notifications, waiting } = queue.depth();
  const { backlog: reports } = hook.stats();
  if (waiting > 0)
    log.info('pushes of an earlier process wait in the queue, and are sent', {
      requests: notifications,
      pushes: waiting,
    });
  else if (queue.reports) log.info('no push of an earlier process waits in the queue');
  if (reports > 0) log.info('reports of an earlier process wait for the feedback hooks', { reports });
}

/** Says what is not sent when the process ends, after it has had its time to be. */
export function sayWhatStays({ queue, hook, underWay, isDurable }: KeptParts, log: Pick<Log, 'info' | 'warn'>): void {
  const { waiting, deferred } = queue.depth();
  const sending = underWay();
  const pushes = waiting + deferred + sending;
  if (pushes > 0) {
    const fields = { pushes, waiting, deferred, sending };
    if (isDurable) log.info('pushes stay in the queue for the next start', fields);
    else log.warn('pushes are lost: the queue is in memory', fields);
  } else log.info('no push stays in the queue');
  const { backlog: reports } = hook.stats();
  // Where nothing keeps them, their loss is an error of the hook's.
  if (reports > 0 && queue.reports) log.info('reports stay for the feedback hooks until the next start', { reports });
}
