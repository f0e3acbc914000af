import type { Burst, ResponseHeaders, StreamFault } from './http2-pool.ts';

export function deliverResponse(
  burst: Burst,
  index: number,
  status: number,
  headers: ResponseHeaders,
  body: Buffer,
  session: number,
): void {
  try {
    burst.onResponse(index, status, headers, body, session);
  } catch (error) {
    rethrowLater(error);
  }
}

export function deliverFault(burst: Burst, index: number, fault: StreamFault, session?: number): void {
  try {
    burst.onFault(index, fault, session);
  } catch (error) {
    rethrowLater(error);
  }
}

/** A burst's mistake must be seen, but not here, where it would tear a session's state apart. */
export function rethrowLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
