import type { IncomingHttpHeaders } from 'node:http';
import type { Precondition } from '../apps/store/app-admin.ts';

const tags = (header: string): string[] => header.split(',').map((tag) => tag.trim());

/**
 * `If-Match` and `If-None-Match` of a change (RFC 9110 section 13.1): a tag is the version in quotes, `*` is any. Weak tags
 * match nothing, as the RFC wants it for changes.
 */
export function preconditionOf(headers: Pick<IncomingHttpHeaders, 'if-match' | 'if-none-match'>): Precondition {
  const match = headers['if-match'];
  const noneMatch = headers['if-none-match'];
  const isIn = (header: string, version: number | undefined): boolean =>
    version !== undefined && (header.trim() === '*' || tags(header).includes(`"${version}"`));
  return (version) =>
    (match === undefined || isIn(match, version)) && (noneMatch === undefined || !isIn(noneMatch, version));
}
