import type { Dispatcher } from 'undici';
import { toError } from '../kit/errors.ts';
import { undici } from '../kit/http/undici.ts';
import type { Sign } from '../kit/http/webhook-signature.ts';
import { retryAfterMs } from '../kit/retry-after.ts';

export type HookAnswer =
  | { readonly ok: true }
  /** `reason`: a status or an error code. Never the URL, which may hold a secret. */
  | { readonly ok: false; readonly reason: string; readonly retryAfterMs?: number };

export interface PostOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** For the whole call, redirects included; milliseconds. */
  readonly timeoutMs: number;
  /** False: a redirect is a failure, as it could lead to where the URL itself may not. */
  readonly followRedirects: boolean;
  readonly sign: Sign;
  readonly dispatcher: Dispatcher;
  /** UNIX milliseconds, for a Retry-After date and the signature. */
  readonly now: () => number;
}

export interface HookEntry {
  readonly id: string;
  readonly body: string;
  /** Of this one call. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Posts one body and tells how it went; never rejects. `id` stays when an entry is posted again. `signal` gives the call up. */
export type Post = (entry: HookEntry, signal: AbortSignal) => Promise<HookAnswer>;

const MAX_REDIRECTS = 5;
/** Go's client, too, repeats a POST for these alone; the others would turn it into a GET without the entry. */
const REPEATING = new Set([307, 308]);

const OK: HookAnswer = { ok: true };

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Userinfo in the URL is Basic authentication, unless a header says otherwise. */
function basicAuth({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = `${decoded(username)}:${decoded(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Configured headers may hold secrets: they follow a redirect only to the same host, and not from https to http. */
const mayFollow = (from: URL, to: URL): boolean =>
  from.hostname === to.hostname && !(from.protocol === 'https:' && to.protocol === 'http:');

function redirectTarget(status: number, from: URL, location: string | undefined): URL | undefined {
  if (!REPEATING.has(status) || !location) return undefined;
  const to = URL.parse(location, from);
  return to && /^https?:$/.test(to.protocol) ? to : undefined;
}

const first = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

const isRedirect = (status: number): boolean => status >= 300 && status < 400;

export function createPost(options: PostOptions): Post {
  const { url, headers, timeoutMs, followRedirects, sign, dispatcher, now } = options;
  const plain = { 'user-agent': 'martlet', 'content-type': 'application/json; charset=utf-8' };
  const trusted = { ...basicAuth(url), ...headers };

  const call = async ({ id, body, headers: more }: HookEntry, signal: AbortSignal): Promise<HookAnswer> => {
    const own = { ...plain, ...more, ...sign(id, body, now()) };
    const { request } = await undici();
    let target = url;
    let sent: Record<string, string> = { ...trusted, ...own };
    for (let hops = 0; ; hops++) {
      const { origin, pathname, search } = target;
      const response = await request(origin + pathname + search, {
        method: 'POST',
        headers: sent,
        body,
        dispatcher,
        signal,
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      const status = response.statusCode;
      // Read, so that the connection can be used again; what it says does not matter, nor whether it ends well.
      await response.body.dump().catch(() => {});
      if (status >= 200 && status < 300) return OK;
      if (isRedirect(status) && !followRedirects)
        return { ok: false, reason: `HTTP ${status}, and redirects are not followed` };
      const next = hops < MAX_REDIRECTS ? redirectTarget(status, target, first(response.headers.location)) : undefined;
      if (!next) {
        const retryMs = retryAfterMs(first(response.headers['retry-after']), now);
        return { ok: false, reason: `HTTP ${status}`, ...(retryMs === undefined ? {} : { retryAfterMs: retryMs }) };
      }
      if (!mayFollow(target, next)) sent = own;
      target = next;
    }
  };

  return async (entry, signal) => {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), timeoutMs);
    const giveUp = (): void => deadline.abort();
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await call(entry, deadline.signal);
    } catch (thrown) {
      if (deadline.signal.aborted) return { ok: false, reason: signal.aborted ? 'closed' : 'Timeout' };
      const error = toError(thrown) as NodeJS.ErrnoException;
      return { ok: false, reason: error.code ?? error.name };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  };
}
