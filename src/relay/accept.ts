import type { Notification } from '../push/push.ts';
import type { PushEntry } from '../push/push-entry.ts';
import type { RequestBody } from '../queue/queue.ts';

/** What a door (HTTP, gRPC, the command line) asks of the relay. */
export interface AcceptOptions {
  /** For who answers for sending it once: it is not compared with requests of a moment ago. Default: a new id. */
  readonly requestId?: string;
  /** W3C Trace Context. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  /** Whose key or certificate sent it, for those who listen. */
  readonly principal?: string | undefined;
  /** Milliseconds to wait for the outcomes; absent: do not wait. */
  readonly syncMs?: number;
  /** The apps that the caller may use; absent: all. */
  readonly allowedApps?: ReadonlySet<string> | undefined;
  /** The caller's name for this request: the header Idempotency-Key. */
  readonly idempotencyKey?: string;
}

export interface AcceptedPush {
  readonly requestId: string;
  /** As Gorush counts; platforms that are off count nothing. */
  readonly counts: number;
  /** Failed pushes of a sync request; empty otherwise. */
  readonly logs: readonly PushEntry[];
  /** Places of notifications without a target: nothing is sent for them. At most 20; absent: there are none. */
  readonly withoutTargets?: readonly number[];
  /** The door calls it when the answer of a sync request is with its caller, or never will be: the memory of it is free again. */
  readonly answered?: () => void;
}

/**
 * Takes all notifications of a request or none.
 * @param body the request as it came; default: the notifications as JSON
 * @throws (or rejects with) QueueRefusedError, AppRefusedError, KeyReusedError: nothing was taken.
 */
export type Accept = (
  notifications: readonly Notification[],
  body?: RequestBody,
  options?: AcceptOptions,
) => AcceptedPush | Promise<AcceptedPush>;
