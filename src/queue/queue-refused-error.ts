import { RefusedError } from '../kit/refusal.ts';

/** The queue cannot take the request; nothing of it was taken. */
export class QueueRefusedError extends RefusedError {
  readonly code = 'ERR_QUEUE_REFUSED';
  readonly kind = 'unavailable';
  override readonly retryAfter: number;

  /** @param retryAfter seconds */
  constructor(message: string, retryAfter = 1, options?: ErrorOptions) {
    super(message, options);
    this.retryAfter = retryAfter;
  }
}
