import type { Transport } from './send-request.ts';

const RETRIES = 3;
/** Of all tries of a call together. */
export const TIMEOUT_MS = 60_000;

/** Rejects at once where the signal is aborted already. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const called = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', called);
      resolve();
    }, ms);
    signal.addEventListener('abort', called, { once: true });
    if (signal.aborted) called();
  });
}

/** What is given, over what a browser and Node have. */
export const transportOf = (given: Partial<Transport>): Transport => ({
  fetch: given.fetch ?? ((...call) => fetch(...call)),
  sleep: given.sleep ?? sleep,
  random: given.random ?? Math.random,
  now: given.now ?? Date.now,
  retries: given.retries ?? RETRIES,
});

/** Without the slashes at its end. */
export const baseOf = (url: string): string => url.replace(/(?<!\/)\/+$/, '');

export type QueryFields = { readonly [name: string]: string | number | undefined };

/** `?a=b`, or nothing where nothing is given. */
export function queryOf(query: QueryFields): string {
  const given = Object.entries(query).filter((entry): entry is [string, string | number] => entry[1] !== undefined);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}
