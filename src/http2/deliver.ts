import { throwLater } from '../kit/background.ts';
import { BrokenDeliveryError } from '../kit/vital.ts';
import type { Burst, ResponseHeaders, StreamFault } from './http2-pool.ts';

const EMPTY = Buffer.alloc(0);

/** What a burst throws must not tear a session's state apart. */
const unreadAnswer: StreamFault = {
  code: 'INTERNAL_ERROR',
  processed: 'maybe',
  message: 'the answer could not be read (a mistake of the relay)',
};

/** The body is `bytes[start, end)`. */
export function deliverResponse(
  burst: Burst,
  index: number,
  status: number,
  headers: ResponseHeaders,
  bytes: Buffer,
  start: number,
  end: number,
  session: number,
): void {
  try {
    if (burst.onResponseIn?.(index, status, bytes, start, end, session)) return;
    const body = start === end ? EMPTY : bytes.subarray(start, end);
    burst.onResponse(index, status, headers, body, session);
  } catch (error) {
    throwLater(error);
    deliverFault(burst, index, unreadAnswer, session);
  }
}

export function deliverFault(burst: Burst, index: number, fault: StreamFault, session?: number): void {
  try {
    burst.onFault(index, fault, session);
  } catch (cause) {
    throwLater(new BrokenDeliveryError('telling what became of a request failed', { cause }));
  }
}
