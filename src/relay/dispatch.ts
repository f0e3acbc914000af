import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { toError } from '../kit/errors.ts';
import { DEFAULT_APP } from '../push/app-name.ts';
import type { Notification, RelayEvents, Settlement } from '../push/push.ts';
import { encodePushRequest } from '../push/wire/encode-push-request.ts';
import type { Queue, QueuedRequest, RequestBody } from '../queue/queue.ts';
import type { AcceptedPush, AcceptOptions } from './accept.ts';
import type { AnswerPace } from './answer-pace.ts';
import type { Outcomes } from './outcomes.ts';
import { type Plan, planRequest, type Route, sizeOf } from './plan.ts';
import { traceOf } from './request-facts.ts';
import type { SyncAnswer } from './sync-answer.ts';
import type { SyncRequests } from './sync-requests.ts';

/** The lanes, as far as a request that comes in needs them. */
export interface Lanes extends Pick<Queue, 'append'> {
  /** @param app the app that the notification goes out for */
  route(app: string, notification: Notification): Route;
}

export interface DispatchOptions {
  readonly lanes: Lanes;
  readonly outcomes: Pick<Outcomes, 'refused'>;
  readonly sync: SyncRequests;
  /** Absent: every request is answered once it is accepted. */
  readonly pace?: Pick<AnswerPace, 'hold'> | undefined;
  readonly events: Required<Pick<RelayEvents, 'accepted' | 'refused'>>;
  /** UNIX milliseconds, and monotonic milliseconds. */
  readonly now?: () => number;
  readonly monotonic?: () => number;
  readonly newId?: () => string;
}

/** Settlements of a thousand targets each at most. */
const TOLD_AT_ONCE = 2;

/** Hands requests whose apps are decided to the lanes, by way of their queue. */
export class Dispatch {
  readonly #options: DispatchOptions;
  readonly #route: (notification: Notification) => Route;
  readonly #now: () => number;
  readonly #monotonic: () => number;
  readonly #newId: () => string;

  constructor(options: DispatchOptions) {
    const { lanes, now = Date.now, monotonic = () => performance.now(), newId = randomUUID } = options;
    this.#options = options;
    this.#route = (notification) => lanes.route(notification.app || DEFAULT_APP, notification);
    this.#now = now;
    this.#monotonic = monotonic;
    this.#newId = newId;
  }

  /**
   * Takes all notifications of a request or none. One that names no app goes out for `default`.
   * @throws QueueRefusedError (or rejects with it): nothing was taken.
   */
  accept(
    notifications: readonly Notification[],
    body: RequestBody = () => encodePushRequest(notifications),
    options: AcceptOptions = {},
  ): AcceptedPush | Promise<AcceptedPush> {
    const request = this.#request(options);
    const plan = planRequest(request, notifications, this.#route, this.#monotonic());
    const { syncMs, principal } = options;
    const { pace } = this.#options;
    const { counts, withoutTargets } = plan;
    const accepted: AcceptedPush = withoutTargets
      ? { requestId: request.id, counts, logs: [], withoutTargets }
      : { requestId: request.id, counts, logs: [] };
    const done = (): AcceptedPush | Promise<AcceptedPush> => {
      this.#taken(request, notifications, plan, principal);
      const told = this.#tellRefused(plan.refused);
      if (sync && syncMs !== undefined) return this.#answer(accepted, sync, syncMs, told);
      const held = pace?.hold(plan.entries);
      if (told || held) return Promise.all([told, held]).then(() => accepted);
      return accepted;
    };
    const refused = (error: unknown): never => this.#refuse(request.id, notifications.length, error);
    let sync: SyncAnswer | undefined;
    try {
      if (syncMs !== undefined) sync = this.#options.sync.open(request.id, plan);
      const appended = plan.entries.length > 0 ? this.#options.lanes.append(plan.entries, body) : undefined;
      return appended ? appended.then(done, refused) : done();
    } catch (error) {
      return refused(error);
    }
  }

  #request({ requestId, ...trace }: AcceptOptions): QueuedRequest {
    const id = requestId ?? this.#newId();
    const common = { id, app: DEFAULT_APP, acceptedAt: this.#now() };
    return trace.traceparent === undefined ? common : { ...common, ...traceOf(trace) };
  }

  #taken(
    request: QueuedRequest,
    notifications: readonly Notification[],
    plan: Plan,
    principal: string | undefined,
  ): void {
    const { entries, untargeted, counts, appCounts } = plan;
    this.#options.events.accepted({
      requestId: request.id,
      ...traceOf(request),
      app: entries[0]?.app ?? request.app,
      notifications,
      counts,
      ...(appCounts ? { appCounts } : {}),
      ...(untargeted.length > 0 ? { untargeted } : {}),
      targets: sizeOf(plan),
      acceptedAt: request.acceptedAt,
      principal,
    });
  }

  /** Before the request is answered, as nothing keeps them; of many a part at a time, so that other requests have their turn. */
  #tellRefused(refused: readonly Settlement[]): Promise<void> | undefined {
    if (refused.length === 0) return undefined;
    this.#options.outcomes.refused(refused.slice(0, TOLD_AT_ONCE));
    return refused.length > TOLD_AT_ONCE ? this.#tellLater(refused.slice(TOLD_AT_ONCE)) : undefined;
  }

  async #tellLater(refused: readonly Settlement[]): Promise<void> {
    for (const settlement of refused) {
      await nextTurn();
      this.#options.outcomes.refused([settlement]);
    }
  }

  async #answer(
    accepted: AcceptedPush,
    sync: SyncAnswer,
    ms: number,
    told: Promise<void> | undefined,
  ): Promise<AcceptedPush> {
    const { requestId } = accepted;
    try {
      await told;
      const logs = await sync.logs(ms, this.#monotonic);
      return { ...accepted, logs, answered: this.#options.sync.forget(requestId) };
    } catch (error) {
      this.#options.sync.forget(requestId)();
      throw error;
    }
  }

  #refuse(requestId: string, notifications: number, error: unknown): never {
    this.#options.sync.forget(requestId)();
    this.#options.events.refused({ reason: toError(error).message, notifications });
    throw error;
  }
}
