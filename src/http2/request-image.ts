import type { HpackEncoder } from './hpack/hpack-encoder.ts';
import type { RequestHeader, RequestTemplate } from './http2-pool.ts';

/** A template's header block as one session writes it: what stands before the varying `:path`, and what stands after. */
export interface RequestImage {
  readonly template: RequestTemplate;
  /** The encoder's revision at which the block may be sent. */
  readonly revision: number;
  /** The block enters headers into the peer's table: it must be sent exactly once. */
  readonly once: boolean;
  readonly before: Uint8Array;
  readonly pathPrefix: Uint8Array;
  readonly plainPaths: boolean;
  readonly after: Uint8Array;
}

const method: RequestHeader = { name: ':method', value: 'POST', indexing: 'index' };
const scheme: RequestHeader = { name: ':scheme', value: 'https', indexing: 'index' };

export function renderImage(template: RequestTemplate, authority: RequestHeader, encoder: HpackEncoder): RequestImage {
  const { revision } = encoder;
  const before: number[] = [];
  encoder.begin(before);
  encoder.encode(method, before);
  encoder.encode(scheme, before);
  encoder.encode(authority, before);
  const fixed = template.path !== undefined;
  if (fixed) encoder.encode({ name: ':path', value: template.path, indexing: 'index' }, before);
  const after: number[] = fixed ? before : [];
  for (const header of template.headers) encoder.encode(header, after);
  return {
    template,
    revision,
    once: encoder.revision !== revision,
    before: Uint8Array.from(before),
    pathPrefix: Buffer.from(template.pathPrefix ?? '', 'latin1'),
    plainPaths: template.plainPaths === true && template.pathPrefix !== undefined,
    after: fixed ? new Uint8Array(0) : Uint8Array.from(after),
  };
}

const fieldName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are what RFC 9113 section 8.2.1 forbids
const forbiddenInValue = /[\0-\x08\x0a-\x1f\x7f]|^[ \t]|[ \t]$/;
const requestPath = /^\/[\x21-\x7e]*$/;

/** What HTTP/2 forbids about a template, without its values; undefined when it may be sent. */
export function templateMistake({ headers, path, pathPrefix }: RequestTemplate): string | undefined {
  if (!requestPath.test(path ?? pathPrefix ?? '/')) return 'the path has characters that a path cannot have';
  for (const { name, value } of headers) {
    if (!fieldName.test(name)) return 'a header name has characters that a header name cannot have';
    if (forbiddenInValue.test(value)) return `the header ${name} has characters that a header cannot have`;
  }
  return undefined;
}
