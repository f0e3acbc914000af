import type { Failed, LateOutcome, Notification, Outcome } from '../../push/push.ts';

/** One relay notification for devices that all get the same payload. */
export interface HubBatch {
  /**
   * At most 200 visible ASCII characters, the same over restarts: one that is handed over again while the carrier holds it is the
   * same batch.
   */
  readonly batch: string;
  readonly app: string;
  /** Its `tokens` are the targets, each once. */
  readonly notification: Notification;
  /** UNIX milliseconds after which nothing of it is sent any more. */
  readonly expiresAt?: number | undefined;
}

/** How one target of a batch ended, or a verdict that came after it was accepted. */
export interface PushOutcome {
  readonly batch: string;
  readonly app: string;
  readonly target: string;
  readonly outcome: Outcome;
  /** How often it was sent. */
  readonly attempts: number;
  /** UNIX milliseconds. */
  readonly at: number;
  readonly late?: LateOutcome['verdict'];
}

/** Targets that failed and are sent again. */
export interface PushRetry {
  readonly batch: string;
  readonly app: string;
  readonly targets: readonly string[];
  readonly failed: Failed;
  /** How often each was sent. */
  readonly attempts: number;
  /** UNIX milliseconds, of the failure and of the next attempt. */
  readonly at: number;
  readonly nextAt: number;
}

/** A batch that the carrier could not take: it is to be handed over again. */
export interface NotTaken {
  readonly batch: string;
  readonly why: string;
  readonly retryAfterMs?: number | undefined;
}

export interface PushQuestion {
  readonly batch: string;
  readonly app: string;
  readonly targets: readonly string[];
}

/** Hears what becomes of batches. `outcomes` and `retried` neither throw nor wait. */
export interface PushListener {
  /** May be called before `send` has resolved. Of a crash the last ones may be lost: see `PushCarrier.holds`. */
  outcomes(outcomes: readonly PushOutcome[]): void;
  retried(retries: readonly PushRetry[]): void;
  /**
   * Whether what was taken then, monotonic milliseconds, may have been taken over by another instance meanwhile: it is asked about
   * before it is sent. Absent: never.
   */
  isDoubtful?(since: number): boolean;
  /**
   * Asked before targets are sent late: before each retry, after more than a minute in a queue, after a restart, in doubt. One answer for
   * each target; what is not wanted ends with the category `cancelled`. Rejects: it cannot be said now, and they wait.
   */
  stillWanted(question: PushQuestion): Promise<readonly boolean[]>;
}

/** Pushes to targets that nothing more is to be sent to. */
export interface WithdrawnPushes {
  /** How many waited, and were ended. */
  readonly ended: number;
  /** How many are being sent now. */
  sending(): number;
  /** Ends those that were being sent, failed for now, and wait to be tried again. */
  endLeft(): void;
}

export interface CarrierHealth {
  readonly status: 'pass' | 'warn' | 'fail';
  /** One sentence; no secrets. */
  readonly output?: string | undefined;
}

/** Who brings the hub's pushes to the providers. Each target of a batch that was taken gets one outcome. */
export interface PushCarrier {
  /**
   * Resolves once each batch is safe with the carrier or given back. Never rejects. What can never be sent (an unknown app, a platform
   * that is off) is taken, and ends.
   */
  send(batches: readonly HubBatch[]): Promise<readonly NotTaken[]>;
  /**
   * Whether targets of a batch are still open here; undefined: it cannot be said (another instance may have them). One that has no
   * outcomes and is not held was lost with a process, or its outcomes were: it is to be handed over again.
   */
  holds(batch: string): boolean | undefined;
  /** The one who listens. What came before is kept for it. */
  listen(listener: PushListener): void;
  /** Nothing that it has of an app is sent to these targets any more, of whatever part of the hub or the relay it is. */
  withdraw?(app: string, targets: readonly string[]): WithdrawnPushes;
  /** These targets may be someone else's by now: its listener is asked before anything that it has is sent to them. */
  doubt?(app: string, targets: readonly string[]): Pick<WithdrawnPushes, 'sending'>;
  health(): CarrierHealth;
  /** Whether it can deliver to a platform (`ios`, `web`) for an app. */
  can(app: string, platform: string): boolean;
  close(): Promise<void>;
}
