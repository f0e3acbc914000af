import { throwLater } from '../kit/background.ts';
import { DEFAULT_APP } from '../push/app-name.ts';
import type { Notification } from '../push/push.ts';
import type { PushDecoder } from '../push/wire/decode-push-request.ts';
import type { QueueEntry, StoredRequest, UnreadableRequest } from '../queue/queue.ts';
import type { Lanes } from './dispatch.ts';
import { noWay, setAside, unreadable, wholeRequest, withoutDone } from './give-up.ts';
import type { Outcomes } from './outcomes.ts';
import { type NoRoute, planRequest, type Route } from './plan.ts';

/** The app that a stored notification goes out for, or why it goes out for none. */
export type DecidedApp = { readonly app: string } | NoRoute;

export interface RestoreOptions {
  readonly decoder: Pick<PushDecoder, 'decode'>;
  /** @param notification names an app */
  readonly appOf: (notification: Notification) => DecidedApp;
  readonly outcomes: Pick<Outcomes, 'refused'>;
  /** Told of a stored request that cannot be read, or is given up; it was reported as failed. */
  readonly onDamage: (message: string) => void;
  /** UNIX milliseconds, and monotonic milliseconds. */
  readonly now?: () => number;
  readonly monotonic?: () => number;
}

export type RestoreTo = (stored: StoredRequest, lanes: Pick<Lanes, 'route'>) => QueueEntry[] | UnreadableRequest;

/**
 * Makes entries again of a request that was accepted before, by this process or another, without the targets that are settled.
 * Notifications that no lane takes any more fail now, and all of a request that is given up or that this version cannot read.
 */
export function createRestore(options: RestoreOptions): RestoreTo {
  const { decoder, appOf, outcomes, onDamage, now = Date.now, monotonic = () => performance.now() } = options;
  const decode = ({ body, givenUp }: StoredRequest): Decoded => {
    if (givenUp && 'unreadable' in givenUp) return { why: givenUp.unreadable };
    if (givenUp && !givenUp.mayRead) return { why: 'its body is not read' };
    try {
      const decoded = decoder.decode(body);
      if (decoded.ok) return decoded.notifications;
      const [mistake] = decoded.details;
      return { why: `${mistake?.path} ${mistake?.reason}` };
    } catch (error) {
      throwLater(error);
      return { why: 'a mistake of the relay' };
    }
  };
  return (stored, lanes) => {
    const { body: _, isDone, givenUp, ...request } = stored;
    const ageMs = Math.max(0, now() - stored.acceptedAt);
    const notifications = decode(stored);
    const refusal = givenUp && 'deaths' in givenUp ? setAside(givenUp.deaths) : undefined;
    if (refusal) onDamage(`request ${stored.id} of the queue is set aside: ${refusal.error}`);
    if ('why' in notifications) {
      const failed = refusal ?? unreadable(notifications.why);
      if (!refusal)
        onDamage(`request ${stored.id} of the queue cannot be read, and is set aside: ${notifications.why}`);
      outcomes.refused([wholeRequest(request, failed, ageMs)]);
      return { unreadable: failed.error };
    }
    const route = (notification: Notification): Route => {
      // An app that has come since has no claim on what was accepted for another, whatever its topic.
      notification.app ||= stored.app || DEFAULT_APP;
      const chosen = appOf(notification);
      const to = 'refused' in chosen ? chosen : lanes.route(chosen.app, notification);
      return refusal ? noWay(to, refusal) : to;
    };
    const { entries, refused } = planRequest(request, notifications, route, monotonic() - ageMs);
    outcomes.refused(withoutDone(refused, isDone));
    return entries.filter((entry) => leaveOpen(entry, isDone));
  };
}

/** The notifications of a stored request, or why it has none. */
type Decoded = readonly Notification[] | { readonly why: string };

/** Notes how many targets of an entry are not settled. False when all are. */
function leaveOpen(entry: QueueEntry, isDone: StoredRequest['isDone']): boolean {
  const targets = entry.open;
  for (let place = 0; place < targets; place++) if (isDone(entry.index, place)) entry.open--;
  return entry.open > 0;
}
