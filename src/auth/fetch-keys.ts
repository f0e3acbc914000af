import type { FetchImplementation } from 'jose';
import { boundedText } from '../kit/text/bounded-text.ts';

export interface FetchKeysOptions {
  readonly fetch: FetchImplementation;
  /** Milliseconds after a failure before the issuer is asked again; default 1,000. */
  readonly pauseMs?: number;
  /** Bytes of an answer; default 1 MiB. */
  readonly maxBytes?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

const MAX_BYTES = 1024 * 1024;
const PAUSE_MS = 1000;

/**
 * Fetches the keys of an issuer. Any client can send tokens that name an unknown key: while the issuer is in trouble these would ask
 * it again and again.
 */
export function createFetchKeys(options: FetchKeysOptions): FetchImplementation {
  const { fetch, pauseMs = PAUSE_MS, maxBytes = MAX_BYTES, now = () => performance.now() } = options;
  let failure: { readonly error: unknown; readonly at: number } | undefined;
  return async (url, init) => {
    if (failure && now() - failure.at < pauseMs) throw failure.error;
    try {
      const { status, body } = await fetch(url, init);
      if (status !== 200) {
        await body?.cancel();
        throw new Error(`HTTP ${status}`);
      }
      const text = body ? await boundedText(body, maxBytes) : '';
      JSON.parse(text);
      failure = undefined;
      return new Response(text);
    } catch (error) {
      failure = { error, at: now() };
      throw error;
    }
  };
}
