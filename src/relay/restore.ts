import { DEFAULT_APP } from '../push/app-name.ts';
import type { Notification } from '../push/push.ts';
import type { PushDecoder } from '../push/wire/decode-push-request.ts';
import type { QueueEntry, StoredRequest } from '../queue/queue.ts';
import type { Lanes } from './dispatch.ts';
import type { Outcomes } from './outcomes.ts';
import { type NoRoute, planRequest, type Route } from './plan.ts';

/** The app that a stored notification goes out for, or why it goes out for none. */
export type DecidedApp = { readonly app: string } | NoRoute;

export interface RestoreOptions {
  readonly decoder: Pick<PushDecoder, 'decode'>;
  /** @param notification names an app */
  readonly appOf: (notification: Notification) => DecidedApp;
  readonly outcomes: Pick<Outcomes, 'refused'>;
  /** A stored request that cannot be read; it is dropped. */
  readonly onDamage: (message: string) => void;
  /** UNIX milliseconds, and monotonic milliseconds. */
  readonly now?: () => number;
  readonly monotonic?: () => number;
}

/**
 * Makes entries again of a request that was accepted before, by this process or another, without the targets that are settled.
 * Notifications that no lane takes any more fail now.
 */
export function createRestore(
  options: RestoreOptions,
): (stored: StoredRequest, lanes: Pick<Lanes, 'route'>) => QueueEntry[] {
  const { decoder, appOf, outcomes, onDamage, now = Date.now, monotonic = () => performance.now() } = options;
  return (stored, lanes) => {
    const decoded = decoder.decode(stored.body);
    if (!decoded.ok) {
      const [mistake] = decoded.details;
      onDamage(`request ${stored.id} of the queue is no push: ${mistake?.path} ${mistake?.reason}`);
      return [];
    }
    const { body: _, isDone, ...request } = stored;
    const route = (notification: Notification): Route => {
      // An app that has come since has no claim on what was accepted for another, whatever its topic.
      notification.app ||= stored.app || DEFAULT_APP;
      const chosen = appOf(notification);
      return 'refused' in chosen ? chosen : lanes.route(chosen.app, notification);
    };
    const since = monotonic() - Math.max(0, now() - stored.acceptedAt);
    const { entries, refused } = planRequest(request, decoded.notifications, route, since);
    outcomes.refused(refused);
    return entries.filter((entry) => leaveOpen(entry, isDone));
  };
}

/** Notes how many targets of an entry are not settled. False when all are. */
function leaveOpen(entry: QueueEntry, isDone: StoredRequest['isDone']): boolean {
  const targets = entry.open;
  for (let place = 0; place < targets; place++) if (isDone(entry.index, place)) entry.open--;
  return entry.open > 0;
}
