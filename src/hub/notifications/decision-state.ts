/**
 * What becomes of a decision after it was made. While it is planned it may wait and be due again as often as its time changes:
 * `pending` ⇄ `deferred`. What has left goes one way, by rank: a state takes the place of those before it and of no other, so that
 * receipts end in the same state in whatever order they come.
 *
 *   pending < sent < failed < delivered < seen < read
 *
 * A provider may take back what it accepted (`sent` → `failed`), and not what was delivered; what was delivered had not failed.
 */
import type { State } from './decision.ts';

const RANKS = ['pending', 'sent', 'failed', 'delivered', 'seen', 'read'] as const satisfies readonly State[];

/** A state that a receipt can bring. */
export type Receipt = Exclude<(typeof RANKS)[number], 'pending'>;

/** The states out of which a receipt leads. */
export const leadingTo = (receipt: Receipt): readonly State[] => RANKS.slice(0, RANKS.indexOf(receipt));
