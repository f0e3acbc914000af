/**
 * The head of the one kind of request that is read here and not by node:http: HTTP/1.1, POST, a known path, a length, and headers
 * that change nothing about how it is read or answered, each of them once. Whatever is not exactly that is node:http's.
 */
/** With names in small letters. */
export type DirectHeaders = ReadonlyMap<string, string>;

export interface DirectHead {
  /** `POST /api/push HTTP/1.1` */
  readonly start: string;
  readonly headers: DirectHeaders;
  /** Of the body. */
  readonly length: number;
}

/** That a request may have, all of them; each at most once. */
const KNOWN: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'authorization',
  'cache-control',
  'connection',
  'content-length',
  'content-type',
  'host',
  'pragma',
  'user-agent',
  'x-api-key',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
]);

/** No white space in front of the colon, none but one space behind it, nothing folded, nothing but ASCII. */
const LINE = /^([A-Za-z][A-Za-z-]*): ([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)$/;
const LENGTH = /^[1-9]\d{0,8}$/;
const HOST = /^[A-Za-z0-9.-]+(?::\d{1,5})?$/;

/** What a header must be for the request to stay here. */
const PLAIN: Readonly<Record<string, RegExp>> = { 'content-length': LENGTH, host: HOST, connection: /^keep-alive$/i };

/** Whether a request shows who has sent it. */
export const showsKey = (headers: DirectHeaders): boolean => headers.has('authorization') || headers.has('x-api-key');

/** @param head without the empty line at its end. @returns undefined: the request is node:http's, whatever its path is */
export function directHead(head: string): DirectHead | undefined {
  const [start = '', ...lines] = head.split('\r\n');
  const found = new Map<string, string>();
  for (const line of lines) {
    const [, name = '', value = ''] = LINE.exec(line) ?? [];
    const lower = name.toLowerCase();
    if (!KNOWN.has(lower) || found.has(lower) || PLAIN[lower]?.test(value) === false) return undefined;
    found.set(lower, value);
  }
  if (!found.has('host') || !found.has('content-length')) return undefined;
  return { start, headers: found, length: Number(found.get('content-length')) };
}
