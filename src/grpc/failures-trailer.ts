import { Buffer } from 'node:buffer';
import { Metadata } from '@grpc/grpc-js';
import type { PushEntry } from '../push/push-entry.ts';

/**
 * Bytes of JSON. grpc-java and the C core refuse more than 8 KiB of metadata, base64 takes a third more than the JSON, and a call
 * whose metadata is refused has failed.
 */
const MAX_BYTES = 4096;

/** Fields of an entry that differ from token to token; the rest the caller knows. */
const FIELDS = [
  'token',
  'error',
  'status',
  'reason',
  'category',
  'invalid_token',
  'retryable',
  'attempts',
  'provider_id',
  'unregistered_at',
] as const satisfies (keyof PushEntry)[];

/**
 * Trailing metadata of an answered Send. `martlet-failures` is the number of failed targets, absent when none failed;
 * `martlet-failures-bin` a JSON array with an object for each, as many as fit into 4 KiB.
 */
export function pushTrailer(requestId: string, failures: readonly PushEntry[]): Metadata {
  const trailer = new Metadata();
  trailer.set('martlet-request-id', requestId);
  if (failures.length === 0) return trailer;
  trailer.set('martlet-failures', String(failures.length));
  trailer.set('martlet-failures-bin', Buffer.from(failuresJson(failures)));
  return trailer;
}

function failuresJson(failures: readonly PushEntry[]): string {
  const entries: string[] = [];
  let bytes = '[]'.length;
  for (const failure of failures) {
    const entry = JSON.stringify(failure, [...FIELDS]);
    bytes += Buffer.byteLength(entry) + 1;
    if (bytes > MAX_BYTES) break;
    entries.push(entry);
  }
  return `[${entries.join(',')}]`;
}
