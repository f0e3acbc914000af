/** Targets of one request that wait to be sent. */
export interface WaitingTargets {
  readonly requestId: string;
  /** The app that they go out for. */
  readonly app: string;
  readonly targets: readonly string[];
}

/**
 * Requests that a part above the relay answers for (the hub). They are repeated as long as they live, whatever `max_retry` says, and
 * their maker is asked again before they are sent late. A request is known by its id, so that this outlives a restart and a broker.
 */
export interface LastingRequests {
  has(requestId: string): boolean;
  /** Milliseconds after acceptance at which they are given up, instead of `queue.max_age`; sooner at the push's own expiration. */
  readonly maxAgeMs: number;
  /** Whether their maker may have lost what was accepted then (monotonic milliseconds) to another process, and is to be asked. Absent: never. */
  isDoubtful?(since: number): boolean;
  /** Which targets are still to be sent, in their order. Rejects: it cannot be said now, and they wait. */
  stillWanted(waiting: WaitingTargets): Promise<readonly boolean[]>;
}
