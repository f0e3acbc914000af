import type { AcceptedRequest } from '../../push/push.ts';
import type { Group } from './gathered-fact.ts';

/** A request all of which is recorded. */
export interface FollowedRequest {
  readonly requestId: string;
  readonly app: string;
  /** Targets without a final outcome. */
  open: number;
  /** It has one target: its one row is paid for. */
  readonly isSingle: boolean;
  /** Until its facts stand on a row. */
  request: AcceptedRequest | undefined;
  /** The row that its last delivery joined: of a large fan-out nearly all join one. */
  last:
    | { group: Group; taken: number; index: number | undefined; attempts: number; session: number | undefined }
    | undefined;
}

/** Requests that are followed at a time; of more, the oldest of the app that has most goes. */
const MOST_FOLLOWED = 10_000;

/** The requests that are followed, from their acceptance until their last outcome. */
export class FollowedRequests {
  readonly #byId = new Map<string, FollowedRequest>();
  /** By app, oldest first. */
  readonly #byApp = new Map<string, Set<FollowedRequest>>();

  get(requestId: string): FollowedRequest | undefined {
    return this.#byId.get(requestId);
  }

  begin(request: AcceptedRequest): FollowedRequest {
    const { requestId, app, targets } = request;
    const followed = { requestId, app, open: targets, isSingle: targets === 1, request, last: undefined };
    const before = this.#byId.get(requestId);
    if (before) this.#end(before);
    const own = this.#byApp.get(app) ?? new Set();
    this.#byApp.set(app, own.add(followed));
    this.#byId.set(requestId, followed);
    if (this.#byId.size > MOST_FOLLOWED) this.#giveWay();
    return followed;
  }

  /** So many of its targets have their outcome. */
  settled(followed: FollowedRequest, targets: number): void {
    followed.open -= targets;
    if (followed.open <= 0) this.#end(followed);
  }

  #giveWay(): void {
    let most: Set<FollowedRequest> | undefined;
    for (const own of this.#byApp.values()) if (own.size > (most?.size ?? 0)) most = own;
    const [oldest] = most ?? [];
    if (oldest) this.#end(oldest);
  }

  #end(followed: FollowedRequest): void {
    const { requestId, app } = followed;
    const own = this.#byApp.get(app);
    own?.delete(followed);
    if (own?.size === 0) this.#byApp.delete(app);
    this.#byId.delete(requestId);
  }
}
