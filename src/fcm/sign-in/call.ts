import type { Dispatcher } from 'undici';
import { undici } from '../../kit/http/undici.ts';
import { boundedText } from '../../kit/text/bounded-text.ts';

/** One request of a sign-in. */
export interface SignInCall {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface CallAnswer {
  readonly status: number;
  /** `Retry-After`. */
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** Sends a request of a sign-in. Rejects when there is no answer. */
export type Call = (call: SignInCall) => Promise<CallAnswer>;

export interface SignInCallOptions {
  /** Default: undici's own. */
  readonly dispatcher?: Dispatcher | undefined;
  /** Milliseconds for each. */
  readonly timeoutMs: number;
}

/** Of an answer: an app's token_uri may lead to any server. */
const MOST_BYTES = 256 * 1024;

/** Follows no redirects. */
export const createCall =
  (options: SignInCallOptions): Call =>
  async (call) => {
    try {
      return await answerTo(call, options);
    } catch (error) {
      throw new Error(withHost(call.url, causeOf(error)), { cause: error });
    }
  };

async function answerTo(call: SignInCall, { dispatcher, timeoutMs }: SignInCallOptions): Promise<CallAnswer> {
  const { method, url, headers, body } = call;
  const { request } = await undici();
  const answer = await request(url, {
    method,
    headers,
    body,
    signal: AbortSignal.timeout(timeoutMs),
    ...(dispatcher ? { dispatcher } : {}),
  });
  const retry = answer.headers['retry-after'];
  const text = await boundedText(answer.body, MOST_BYTES);
  return { status: answer.statusCode, retryAfter: retry === undefined ? undefined : String(retry), text };
}

function withHost(url: string, text: string): string {
  const { host, hostname } = new URL(url);
  return text.includes(hostname) ? text : `no answer of ${host}: ${text}`;
}

export const form = (
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): SignInCall => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  body: new URLSearchParams(fields).toString(),
});

/** undici hides the reason in the cause, and several attempts in one error; none holds anything of the request's body. */
function causeOf(error: unknown): string {
  const cause = (error as Error).cause ?? error;
  if (cause instanceof AggregateError) return cause.errors.map(causeOf).join(', ');
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
