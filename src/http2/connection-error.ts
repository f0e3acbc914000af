import { MartletError } from '../kit/errors.ts';
import { type ErrorName, errorCodes } from './frames/frames.ts';

/**
 * The peer broke a rule that ends the connection (RFC 9113 section 5.4.1). Thrown by the parts that read; the session turns
 * it into GOAWAY with `errorCode` and closes.
 */
export class ConnectionError extends MartletError {
  readonly code = 'ERR_HTTP2_CONNECTION';
  readonly errorName: ErrorName;

  constructor(errorName: ErrorName, message: string) {
    super(message);
    this.errorName = errorName;
  }

  get errorCode(): number {
    return errorCodes[this.errorName];
  }
}
