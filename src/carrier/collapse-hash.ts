import { createHash } from 'node:crypto';

/** Bytes of the hash: as base64url exactly 32 characters, without padding. Apple decodes Web Push topics and finds these well-formed. */
const BYTES = 24;

/** A collapse key for providers that take few characters: the same over restarts and instances, another one for each app. */
export const collapseHash = (app: string, key: string): string =>
  createHash('sha256').update(app).update('\0').update(key).digest().subarray(0, BYTES).toString('base64url');
