import type { Dispatcher } from 'undici';
import { connectFailure, connectionLost } from '../http2/faults.ts';
import type { PeerRefusal, ResponseHeaders, StreamFault } from '../http2/http2-pool.ts';
import { GatheredAnswer } from '../outbound/gathered-answer.ts';

export interface PostRequest {
  /** `https://host[:port]`. */
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  /** Default `POST`. */
  readonly method?: 'POST' | 'PUT' | 'GET';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Milliseconds until the request counts as unanswered, connecting included. */
  readonly timeoutMs: number;
  /** Gives the request up. */
  readonly signal?: AbortSignal;
}

export interface PostAnswer {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: Buffer;
}

export type PostResult = PostAnswer | { readonly fault: StreamFault };

/** Bytes. Far above what HMS needs for 1,000 refused tokens; a larger answer is not that of a push provider. */
const MAX_ANSWER = 2 * 1024 * 1024;

/**
 * One request as a value: never rejects, always ends by its deadline. undici says when it starts to write a request, and that is
 * the moment from which the provider may have seen it. HTTP/1.1 always: none of the providers that are called this way documents
 * HTTP/2. Redirects are answers like any other.
 */
export function post(dispatcher: Dispatcher, request: PostRequest): Promise<PostResult> {
  return new Promise((resolve) => {
    const exchange = new Exchange(request, resolve);
    if (exchange.ended) return;
    try {
      dispatcher.dispatch(
        {
          origin: request.origin,
          path: request.path,
          method: request.method ?? 'POST',
          headers: request.headers,
          body: request.body ?? null,
          allowH2: false,
        } as Dispatcher.DispatchOptions,
        exchange,
      );
    } catch (error) {
      exchange.onResponseError(null, error as Error);
    }
  });
}

/** The life of one request: waiting for a connection, being written, answered; ended once by whatever comes first. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #origin: string;
  readonly #resolve: (result: PostResult) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #answer = new GatheredAnswer(MAX_ANSWER);
  readonly #onAbort = () => this.#giveUp('CLOSED', 'the transport was closed');
  #controller: Dispatcher.DispatchController | undefined;
  #ended = false;

  constructor({ origin, timeoutMs, signal }: PostRequest, resolve: (result: PostResult) => void) {
    this.#origin = origin;
    this.#resolve = resolve;
    this.#signal = signal;
    this.#timer = setTimeout(() => this.#giveUp('TIMEOUT', `no answer within ${timeoutMs} ms`), timeoutMs);
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get ended(): boolean {
    return this.#ended;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#ended) controller.abort(new Error('given up before it was written'));
    else this.#controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[]>): void {
    this.#answer.begin(status, headers);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#answer.add(chunk)) this.#giveUp('ANSWER_TOO_LARGE', 'the answer is too large');
  }

  onResponseEnd(): void {
    // Informational answers (1xx) come without an end, so this is the final one.
    const { status, headers } = this.#answer;
    this.#end({ status, headers, body: this.#answer.body() });
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    const cause = this.#controller ? connectionLost(error) : connectFailure(this.#origin, error);
    const code = this.#controller ? 'CONNECTION_LOST' : 'CONNECT_FAILED';
    this.#fail(code, cause.message, cause.refusal);
  }

  #giveUp(code: string, why: string): void {
    const controller = this.#controller;
    this.#fail(code, why);
    controller?.abort(new Error(why));
  }

  #fail(code: string, why: string, refusal?: PeerRefusal): void {
    const processed = this.#controller ? 'maybe' : 'no';
    const message = why.includes(this.#origin) ? why : `${this.#origin}: ${why}`;
    this.#end({ fault: { code, processed, message, ...(refusal ? { refusal } : {}) } });
  }

  #end(result: PostResult): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#resolve(result);
  }
}
