import { hash } from 'node:crypto';
import type { Settlement } from '../push/push.ts';

/** Characters of a hash that are kept: 162 bits. */
const LENGTH = 27;

/**
 * The name of the report about `settlement.targets[index]`: the same whenever this push of this request is reported, by a later process too,
 * whatever it fails with then. A target that a notification lists twice has one name. Tells nothing of the target: request ids are random.
 */
export function reportId({ requestId, index: place = 0, kind, targets, late }: Settlement, index: number): string {
  const facts = JSON.stringify([requestId, place, kind, targets[index], late ? 'late' : 'failed']);
  return `msg_${hash('sha256', facts, 'base64url').slice(0, LENGTH)}`;
}
