/** An endpoint in the parts that a push needs. */
export interface Endpoint {
  /** Scheme, host and port as they are written, `https://host:port`; the URL itself where they are written unusually. */
  readonly place: string | URL;
  /** Path and query, as they go into a request. */
  readonly path: string;
}

/** What a URL parser leaves as it is, but for what `CHANGED` finds. */
const PLAIN = /^(https?:\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[1-9]\d*)?)(\/[\w\-.~:!$&()*+,;=@%/?]*)$/;
/** Dots as names, and a question mark without a query. */
const CHANGED = /\/\.|%2e|^[^?]*\?$/i;

/** Takes an endpoint apart; undefined when it is no http(s) URL. Nearly all are plain, and need no URL parser, which takes its time. */
export function readEndpoint(text: string): Endpoint | undefined {
  const [, place, path] = PLAIN.exec(text) ?? [];
  if (place !== undefined && path !== undefined && !CHANGED.test(path)) return { place, path };
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return undefined;
  return { place: url, path: url.pathname + url.search };
}
