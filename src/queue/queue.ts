import type { LaneId } from '../push/lane-id.ts';
import type { Environment, Notification, PlatformName, Provider, TargetForm, TargetKind } from '../push/push.ts';
import type { TargetGroup } from '../push/targets.ts';
import type { Withdrawal } from './withdrawal.ts';

/** An accepted request, as far as the queue keeps it. */
export interface QueuedRequest {
  readonly id: string;
  /** Of its notifications that choose no app. */
  readonly app: string;
  /** UNIX milliseconds. */
  readonly acceptedAt: number;
  /** Place, within the request as it came, of the notification that is the first here; default 0. A broker has a message for each. */
  readonly first?: number | undefined;
  /** W3C Trace Context, where pushes are traced. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** How often a push was tried, in the counts that limit it. */
export interface Attempts {
  /** Requests written or tried. */
  readonly sent: number;
  /** Those that count against `max_retry`. */
  readonly counted: number;
  /** Those that provably never reached the provider. */
  readonly unsent: number;
  /** Those that followed the renewal of a credential and do not count. */
  readonly free: number;
}

export const NO_ATTEMPTS: Attempts = Object.freeze({ sent: 0, counted: 0, unsent: 0, free: 0 });

/** One notification of an accepted request, on its lane. The engine owns `open` and `key`. */
export interface QueueEntry {
  readonly request: QueuedRequest;
  /** Place of the notification within what the engine keeps as one; within the request as it came, `request.first` more. */
  readonly index: number;
  /** The app that it goes out for. */
  readonly app: string;
  readonly lane: LaneId;
  readonly platform: PlatformName;
  readonly provider: Provider;
  readonly environment: Environment;
  readonly targetForm?: TargetForm | undefined;
  readonly notification: Notification;
  readonly groups: readonly TargetGroup[];
  /** Taken before the others of its lane, without starving them. */
  readonly urgent: boolean;
  /** Most targets that go out before other notifications of the lane have their turn. */
  readonly slice: number;
  /** Milliseconds of the relay's monotonic clock at which it was accepted. */
  readonly since: number;
  /** Targets without a final outcome. */
  open: number;
  /** The engine's name for the record of the request; 0 until it has one. */
  key: number;
  /** Bytes of the heap that it takes while it waits (request-cost.ts); 0 until the engine has taken it. */
  cost: number;
}

/** A slice of an entry's targets. Who took it settles or defers every target of it. */
export interface Batch {
  readonly entry: QueueEntry;
  /** Absent: that of the entry. */
  readonly lane?: LaneId;
  readonly kind: TargetKind;
  readonly targets: readonly string[];
  /** Place of each target among all targets of the entry; contiguous from `offset` where absent. */
  readonly places?: readonly number[];
  readonly offset: number;
  readonly attempts: Attempts;
}

/** The place of `batch.targets[index]` among all targets of its entry. */
export const placeOf = (batch: Batch, index: number): number => batch.places?.[index] ?? batch.offset + index;

/** A request as JSON: bytes as received, or a function that writes it when an engine wants it. */
export type RequestBody = Uint8Array | (() => string);

/** A request that comes back from a file or a broker. */
export interface StoredRequest extends QueuedRequest {
  readonly body: Uint8Array;
  /** What was settled before: by index of the notification, the places of its targets. */
  readonly isDone: (notification: number, place: number) => boolean;
  /** It is not sent any more, and is to be reported as failed. */
  readonly givenUp?: GivenUp | undefined;
}

export type GivenUp =
  | {
      /** Processes that ended while they had it in hand. */
      readonly deaths: number;
      /** False: reading its body may be what ends them. */
      readonly mayRead: boolean;
    }
  /** It has no body to read, and why. */
  | UnreadableRequest;

/** Why a stored request cannot be read; it was reported as failed, and the engine keeps it aside. */
export interface UnreadableRequest {
  readonly unreadable: string;
}

/** A request that an engine keeps: how many of its targets are not settled, as far as its file knows. */
export interface KeptRequest {
  readonly id: string;
  readonly open: number;
}

/** Makes entries of a stored request again; called by durable engines, never while they are being built. */
export type Restore = (request: StoredRequest) => QueueEntry[] | UnreadableRequest;

/** A queue that takes targets out of what it keeps. */
export interface WithdrawingQueue {
  /** Gives out what waits and is of these targets, as `take` would: who asks settles it. */
  withdraw(withdrawal: Withdrawal): Batch[];
  /**
   * Takes them out of the file, where there is one: of requests, of what is set aside, and of reports that hold one of these texts.
   * Nothing of them is left on the disk once it returns, unless the file is so large that it has to be smaller first.
   */
  erase?(withdrawal: Withdrawal, reports: readonly string[]): void;
}

export interface QueueDepth {
  /** Notifications not wholly settled, those under way included. */
  readonly notifications: number;
  /** Pushes that wait for their turn, and those that wait for a retry time. */
  readonly waiting: number;
  readonly deferred: number;
}

export interface QueueHealth {
  readonly status: 'pass' | 'warn' | 'fail';
  readonly output?: string;
}

/**
 * Where accepted pushes are until they are settled. `take` hands out work lane by lane; the `wake(lane)` callback
 * is called when a lane has work again. At least once: what was taken and not settled comes back after a crash.
 */
export interface Queue {
  /**
   * Takes all entries of one request or none. Returns once they are as safe as the engine can make them: at once, or by promise.
   * @param body the request as JSON, `{"notifications": [...]}`: what a durable engine keeps.
   * @throws QueueRefusedError (or rejects with it) when it is full, closed or cannot write.
   */
  append(entries: readonly QueueEntry[], body: RequestBody): void | Promise<void>;
  /** The next batch of a lane, at most `limit` targets (≥ 1); undefined when nothing is ready. */
  take(lane: LaneId, limit: number): Batch | undefined;
  /** These targets of the batch (indexes into `batch.targets`) have their final outcome. */
  settle(batch: Batch, indexes: readonly number[]): void;
  /** Puts a slice back at the tail of its lane at `at` (monotonic milliseconds). */
  defer(batch: Batch, at: number): void;
  depth(lane?: LaneId): QueueDepth;
  /** Age of the oldest unsettled notification, milliseconds; 0 when there is none. */
  oldestAge(): number;
  health(): QueueHealth;
  /** Notifications that came from instances which ended, or went silent, with them; absent where there are no other instances. */
  takenOver?(): number;
  /** Keeps what is unsettled, if the engine can, and frees its resources. */
  close(): Promise<void>;
}
