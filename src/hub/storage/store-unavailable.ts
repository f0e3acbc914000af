import { RefusedError } from '../../kit/refusal.ts';

/** The hub's store cannot be read or written now. */
export class StoreUnavailable extends RefusedError {
  readonly code = 'ERR_HUB_STORE';
  readonly kind = 'unavailable';
  override readonly retryAfter: number;

  /** @param retryAfter seconds */
  constructor(message: string, retryAfter = 1, options?: ErrorOptions) {
    super(message, options);
    this.retryAfter = retryAfter;
  }
}
