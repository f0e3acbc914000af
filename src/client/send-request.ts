import { type Failure, failureOf } from './failure.ts';
import { textOfFailure } from './text-of-failure.ts';

export interface Transport {
  readonly fetch: typeof fetch;
  /** Resolves after `ms`, or rejects when `signal` is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** 0 to 1, for the jitter of pauses. */
  readonly random: () => number;
  /** UNIX milliseconds. */
  readonly now: () => number;
  /** Tries after the first. */
  readonly retries: number;
}

export interface ClientRequest {
  readonly url: string;
  readonly init: RequestInit;
  /** The caller's word to call it off. */
  readonly signal?: AbortSignal | undefined;
  /** Of all tries together. */
  readonly timeoutMs: number;
}

export type Reply = { readonly ok: true; readonly body: unknown } | { readonly ok: false; readonly error: Failure };

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

/** Nothing was taken, or the same again with the same key is harmless. */
const isWorthRetrying = ({ kind, status = 0, details }: Failure): boolean =>
  kind === 'refused' || kind === 'network' || (kind === 'unavailable' && status >= 502 && !details);

/** Doubling, with full jitter; never before the time that the relay named. */
const pauseOf = (attempt: number, { retryAfterMs = 0 }: Failure, random: () => number): number =>
  retryAfterMs + random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);

async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function sendOnce(request: ClientRequest, signal: AbortSignal, { fetch, now }: Transport): Promise<Reply> {
  try {
    const response = await fetch(request.url, { ...request.init, signal, redirect: 'error' });
    const body = response.status === 204 ? {} : await jsonOf(response);
    if (!response.ok) return { ok: false, error: failureOf(response, body, now()) };
    if (body !== undefined) return { ok: true, body };
    const message = 'the answer is not JSON: is this a Martlet?';
    return { ok: false, error: { kind: 'unavailable', message, status: response.status } };
  } catch (thrown) {
    return { ok: false, error: { kind: 'network', message: wordsOf(thrown, request, signal) } };
  }
}

function wordsOf(thrown: unknown, { signal: caller, timeoutMs }: ClientRequest, signal: AbortSignal): string {
  if (caller?.aborted) return 'called off';
  if (signal.aborted) return `no answer within ${timeoutMs} ms`;
  return textOfFailure(thrown);
}

/**
 * Sends until there is an answer that counts, there have been enough tries, or time is up: 503 and 429 when the relay says to
 * come again, 502 and 504, and lost connections. The caller makes sure that a repeated request does no harm. Never rejects.
 */
export async function sendRequest(request: ClientRequest, transport: Transport): Promise<Reply> {
  const timeout = AbortSignal.timeout(request.timeoutMs);
  const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
  const deadline = transport.now() + request.timeoutMs;
  for (let attempt = 0; ; attempt++) {
    const reply = await sendOnce(request, signal, transport);
    if (reply.ok || attempt >= transport.retries || !isWorthRetrying(reply.error) || signal.aborted) return reply;
    const pause = pauseOf(attempt, reply.error, transport.random);
    // The answer that there is, now, is worth more than none after a wait.
    if (transport.now() + pause >= deadline) return reply;
    try {
      await transport.sleep(pause, signal);
    } catch {
      return reply;
    }
  }
}
