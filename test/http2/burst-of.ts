import type { Burst, Http2Pool, RequestHeader, ResponseHeaders, StreamFault } from '../../src/http2/http2-pool.ts';

export interface Result {
  readonly status?: number;
  readonly headers?: ResponseHeaders;
  readonly body?: string;
  readonly fault?: StreamFault;
}

export interface Requests {
  readonly count?: number;
  readonly headers?: readonly RequestHeader[];
  /** Default: `/<index>`. */
  readonly path?: (index: number) => string;
  /** The template's, when fixed. */
  readonly fixedPath?: string;
  readonly pathPrefix?: string;
  readonly fixedBody?: Uint8Array;
  /** Default: `body <index>`. */
  readonly body?: (index: number) => Uint8Array;
  readonly onSession?: (session: number | undefined) => void;
  readonly onResult?: (index: number, result: Result) => void;
}

/** Submits a burst and resolves with what became of each request. Throws when one is answered twice. */
export function send(pool: Http2Pool, requests: Requests = {}): Promise<Result[]> {
  const { count = 1, onResult } = requests;
  const results: Result[] = [];
  let open = count;
  return new Promise((resolve, reject) => {
    const settle = (index: number, result: Result): void => {
      if (results[index] !== undefined || index >= count) reject(new Error(`request ${index} was settled twice`));
      results[index] = result;
      onResult?.(index, result);
      if (--open === 0) resolve(results);
    };
    pool.submit(burst(requests, count, settle));
  });
}

function burst(requests: Requests, count: number, settle: (index: number, result: Result) => void): Burst {
  const { fixedPath, fixedBody, pathPrefix, headers = [] } = requests;
  return {
    template: {
      headers,
      ...(fixedPath === undefined ? {} : { path: fixedPath }),
      ...(pathPrefix === undefined ? {} : { pathPrefix }),
      ...(fixedBody === undefined ? {} : { body: fixedBody }),
    },
    count,
    path: requests.path ?? ((index) => `/${index}`),
    body: requests.body ?? ((index) => Buffer.from(`body ${index}`)),
    onResponse: (index, status, answer, body, session) => {
      requests.onSession?.(session);
      settle(index, { status, headers: answer, body: body.toString() });
    },
    onFault: (index, fault, session) => {
      requests.onSession?.(session);
      settle(index, { fault });
    },
  };
}
