/** Errors of ours: one base with a literal `code`. Match on `code`, never on the text. */
export abstract class MartletError extends Error {
  abstract readonly code: string;
  override get name(): string {
    return this.constructor.name;
  }
}

/** A mistake in the configuration. `message` names the key and the value, secrets excepted. */
export class ConfigError extends MartletError {
  readonly code = 'ERR_CONFIG';
}

/** The queue cannot take the request; nothing of it was taken. */
export class QueueRefusedError extends MartletError {
  readonly code = 'ERR_QUEUE_REFUSED';
  /** Seconds for the Retry-After header. */
  readonly retryAfter: number;
  constructor(message: string, retryAfter = 1, options?: ErrorOptions) {
    super(message, options);
    this.retryAfter = retryAfter;
  }
}

/** Anything thrown, as an Error. */
export const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
