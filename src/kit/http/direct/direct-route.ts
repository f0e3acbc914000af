import type { DirectHeaders } from './direct-head.ts';

/** An answer to a request of the kind. */
export interface DirectAnswer {
  readonly status: number;
  /** Lines with their ends: `Name: value\r\n`. */
  readonly head: string;
  readonly body: string;
}

/** Requests that are read without node:http, and who answers them. */
export interface DirectRoute {
  readonly path: string;
  /** A body that is larger is node:http's. */
  readonly maxBody: number;
  /**
   * Whether a request with these headers, from this address, may come this way; false: it is node:http's. A connection asks once for a
   * head that it repeats. Default: any that shows no key.
   */
  readonly admits?: (headers: DirectHeaders, address: string | undefined) => boolean;
  /** Takes a request and answers it, now or later, once; false: it is node:http's, and nothing has happened. */
  take(body: Buffer, answer: (answer: DirectAnswer) => void): boolean;
}
