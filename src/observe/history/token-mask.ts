import { hash } from 'node:crypto';
import type { TargetKind } from '../../push/push.ts';

const HEAD = 6;
const TAIL = 4;
/** Shorter tokens would be guessed from their ends. */
const SHORTEST = 24;
/** Characters of a hash that are kept: 132 bits. */
const HASH = 22;
/** Of a topic or a condition. */
const LONGEST_NAME = 200;

/** Where the address of a push service says whose it is. */
const ORIGIN = /^https?:\/\/[^/?#@]{1,253}\//;

/** An address of mail: its ends tell it. Not one on the web, which may have a user. */
const isMail = (target: string): boolean => target.includes('@') && !target.includes('/');

/**
 * The ends of a token, enough to recognise one's own; no push can be sent to it. Of a subscription's address all of the host is
 * shown. Topics and conditions are no secrets.
 */
export function maskTarget(target: string, kind: TargetKind): string {
  if (kind === 'topic' || kind === 'condition') return target.slice(0, LONGEST_NAME);
  if (target.length < SHORTEST || (kind === 'token' && isMail(target)))
    return '*'.repeat(Math.min(target.length, SHORTEST));
  const head = kind === 'subscription' ? (ORIGIN.exec(target)?.[0] ?? '') : target.slice(0, HEAD);
  const isAll = head.length + SHORTEST > target.length && kind === 'subscription';
  return `${head}…${isAll ? '' : target.slice(-TAIL)}`;
}

/** Finds a token again without telling it. `key` is random, and as long as every other of its kind. */
export const hashTarget = (target: string, key: string): string =>
  hash('sha256', key + target, 'base64url').slice(0, HASH);
