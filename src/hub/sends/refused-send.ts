import { type RefusalKind, RefusedError } from '../../kit/refusal.ts';

/** A notification that is not taken, or is not there. */
export class RefusedSend extends RefusedError {
  readonly code = 'ERR_SEND_REFUSED';
  readonly kind: RefusalKind;

  constructor(kind: RefusalKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
