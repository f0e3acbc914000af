import type { Notification, Provider, RelayEvents, Settlement } from '../../push/push.ts';

/** Gorush's queue counters since the start of the process. A task is a notification. */
export interface TaskCounts {
  readonly submitted_tasks: number;
  /** Notifications all of whose pushes have their final outcome, good or bad. */
  readonly success_tasks: number;
  /** Notifications of which no push could be sent, because the notification itself is wrong. */
  readonly failure_tasks: number;
}

interface Progress {
  open: number;
  /** True until a push of it got further than our own checks. */
  unsendable: boolean;
}

const isUnsendable = ({ outcomes }: Settlement): boolean =>
  outcomes.every((o) => o.kind === 'failed' && o.category === 'invalid_request' && o.status === undefined);

/** Counts tasks by listening. A notification is remembered, weakly, only while a part of its targets is settled. */
export function createTaskCounts(): { readonly events: RelayEvents; read(): TaskCounts } {
  const under = new WeakMap<Notification, Progress>();
  const counts = { submitted_tasks: 0, success_tasks: 0, failure_tasks: 0 };

  const finish = (settlement: Settlement, unsendable: boolean): void => {
    // Gorush never submits a notification whose platform is off; the relay tells of those right after it told `accepted`.
    if (!settlement.provider) counts.submitted_tasks -= settlement.stored ? 0 : 1;
    else if (unsendable) counts.failure_tasks++;
    else counts.success_tasks++;
  };

  const settled = (settlement: Settlement): void => {
    const { notification, targets, total } = settlement;
    const progress = under.get(notification) ?? { open: total, unsendable: true };
    progress.open -= targets.length;
    progress.unsendable &&= isUnsendable(settlement);
    if (progress.open > 0) {
      under.set(notification, progress);
      return;
    }
    under.delete(notification);
    finish(settlement, progress.unsendable);
  };

  /** Nothing is settled of these: they end here. Gorush refuses them as wrong, but for iOS, where it looks at no list. */
  const finishUntargeted = (provider: Provider | undefined): void => {
    if (!provider) counts.submitted_tasks--;
    else if (provider === 'apns') counts.success_tasks++;
    else counts.failure_tasks++;
  };

  return {
    events: {
      accepted({ notifications, untargeted = [] }) {
        counts.submitted_tasks += notifications.length;
        untargeted.forEach(finishUntargeted);
      },
      settled,
    },
    read: () => ({ ...counts }),
  };
}
