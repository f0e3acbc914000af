import type { Notification } from '../push/push.ts';
import { encodePushRequest } from '../push/wire/encode-push-request.ts';
import type { RequestBody } from '../queue/queue.ts';
import type { Accept, AcceptedPush, AcceptOptions } from './accept.ts';
import type { Dispatch } from './dispatch.ts';
import { idempotent } from './idempotency.ts';

export interface IntakeOptions {
  readonly dispatch: Pick<Dispatch, 'accept'>;
  /**
   * Decides which app each notification goes out for, and writes it into it. True when a notification had not said so itself.
   * @throws (or rejects with) an error that says which notification cannot be taken: the request is refused whole.
   */
  readonly chooseApps: (
    notifications: readonly Notification[],
    options: Pick<AcceptOptions, 'allowedApps'>,
  ) => boolean | Promise<boolean>;
  /** `queue.dedupe`. */
  readonly dedupe: boolean;
  /** Milliseconds for which a request is remembered (`queue.dedupe_window`). */
  readonly windowMs: number;
}

/**
 * The way into the relay, for every door: a request that was taken a moment ago is answered as it was then; of any other one the
 * apps are decided, once, and it is dispatched.
 */
export function createIntake({ dispatch, chooseApps, dedupe, windowMs }: IntakeOptions): Accept {
  const take = (
    notifications: readonly Notification[],
    body: RequestBody | undefined,
    options: AcceptOptions = {},
  ): AcceptedPush | Promise<AcceptedPush> => {
    // What is kept must itself say which app it is for: settings may be others when it is read again.
    const rewritten = (): string => encodePushRequest(notifications);
    const changed = chooseApps(notifications, options);
    if (typeof changed === 'boolean') return dispatch.accept(notifications, changed ? rewritten : body, options);
    return changed.then((isChanged) => dispatch.accept(notifications, isChanged ? rewritten : body, options));
  };
  return idempotent({ accept: take, dedupe, windowMs });
}
