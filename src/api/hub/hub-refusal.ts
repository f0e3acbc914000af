import { type FaultyField, type RefusalKind, RefusedError } from '../../kit/refusal.ts';

interface More {
  readonly details?: readonly FaultyField[] | undefined;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** A request of the hub that is refused before it reaches the hub. */
export class HubRefusal extends RefusedError {
  readonly code = 'ERR_HUB_REFUSED';
  readonly kind: RefusalKind;
  override readonly details: readonly FaultyField[] | undefined;
  override readonly retryAfter: number | undefined;

  constructor(kind: RefusalKind, message: string, { details, retryAfter }: More = {}) {
    super(message);
    this.kind = kind;
    this.details = details;
    this.retryAfter = retryAfter;
  }
}

const sentence = ([first, ...others]: readonly FaultyField[]): string => {
  if (!first) return 'the request cannot be done';
  const more = others.length === 0 ? '' : ` (and ${others.length} more: see details)`;
  return `${first.path === '' ? 'the body' : first.path}: ${first.reason}${more}`;
};

/** What can be read and is wrong: 422 with the places. */
export const unprocessable = (...details: readonly FaultyField[]): HubRefusal =>
  new HubRefusal('unprocessable', sentence(details), { details });
