import { validateHeaderName, validateHeaderValue } from 'node:http';

/** The HTTP client sets these itself. */
const OWN = new Set([
  'host',
  'content-length',
  'content-type',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'expect',
  'trailer',
  'te',
]);

export interface HookHeaders {
  /** Names in lower case. */
  readonly headers: Record<string, string>;
  /** Names of what cannot be sent, or the place in the list where there is no name. Never a value: those are secrets. */
  readonly unusable: readonly string[];
}

/** Text as HTTP sends it: UTF-8 bytes, one a character. */
const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

function isSendable(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

/** Reads `name:value` items, split at the first colon. The last of several with one name counts, as in Gorush. */
export function parseHeaders(list: readonly string[]): HookHeaders {
  const headers: Record<string, string> = {};
  const unusable: string[] = [];
  for (const [index, item] of list.entries()) {
    const colon = item.indexOf(':');
    const name = item.slice(0, Math.max(0, colon)).trim().toLowerCase();
    const value = asBytes(item.slice(colon + 1).trim());
    if (item === '' || OWN.has(name)) continue;
    if (colon > 0 && isSendable(name, value)) headers[name] = value;
    else unusable.push(colon > 0 ? JSON.stringify(name) : `no. ${index + 1}`);
  }
  return { headers, unusable };
}
