import { createHash } from 'node:crypto';
import type { IdempotencyEntry, IdempotencyLedger, KeptAnswer } from '../../hub/storage/idempotency.ts';
import type { HubDb } from '../../hub/storage/storage.ts';
import type { HubAnswer } from './hub-answer.ts';
import { HubRefusal, unprocessable } from './hub-refusal.ts';

const KEY = /^[\x21-\x7e]{1,255}$/;
const SECONDS_UNTIL_AGAIN = 1;

/** Notes what a request is answered with, in the transaction that makes what it tells of. */
export type KeepAnswer = (tx: HubDb, answer: HubAnswer) => Promise<void>;

export interface KeyedRequest extends Omit<IdempotencyEntry, 'key' | 'bodyHash'> {
  /** The header `Idempotency-Key`. */
  readonly key: string;
  readonly bytes: Buffer;
}

const keptOf = ({ status, body, headers, rev }: HubAnswer): KeptAnswer => ({
  status,
  ...(body === undefined ? {} : { body }),
  headers: { ...headers, ...(rev === undefined ? {} : { ETag: `"${rev}"` }) },
});

const replayed = ({ status, body, headers }: KeptAnswer): HubAnswer => ({
  status,
  ...(body === undefined ? {} : { body }),
  headers: { ...headers, 'Idempotency-Replayed': 'true' },
});

const isKept = ({ status }: HubAnswer): boolean => status >= 200 && status < 300;

/**
 * Does the work of a request with an Idempotency-Key once: who repeats it within 24 h gets the first answer. Only successes are kept.
 * @param work is given the function that keeps its answer, without whose being called the answer is kept after the work, and what an
 * earlier request with the key has done in part
 * @param write does a work in a transaction
 */
export async function idempotent(
  { key, bytes, ...request }: KeyedRequest,
  ledger: IdempotencyLedger,
  write: (work: (tx: HubDb) => Promise<void>) => Promise<void>,
  work: (keep: KeepAnswer, partial: unknown) => Promise<HubAnswer>,
): Promise<HubAnswer> {
  if (!KEY.test(key)) throw unprocessable({ path: 'Idempotency-Key', reason: 'must have 1 to 255 visible characters' });
  const entry = { ...request, key, bodyHash: createHash('sha256').update(bytes).digest('base64url') };
  const begun = await ledger.begin(entry);
  if (begun.state === 'other')
    throw new HubRefusal('key_reused', 'the Idempotency-Key was used for another body', {
      details: [{ path: 'Idempotency-Key', reason: 'was used for another body' }],
    });
  if (begun.state === 'running')
    throw new HubRefusal('conflict', 'the request with this Idempotency-Key is still being done', {
      retryAfter: SECONDS_UNTIL_AGAIN,
    });
  if (begun.state === 'done') return replayed(begun.answer);
  let kept = false;
  try {
    const answer = await work(async (tx, given) => {
      await ledger.keep(tx, entry, begun.mark, keptOf(given));
      kept = true;
    }, begun.partial);
    if (!isKept(answer) && answer.partial !== undefined) await ledger.leave(entry, begun.mark, answer.partial);
    else if (!isKept(answer)) await ledger.forget(entry, begun.mark);
    else if (!kept) await write((tx) => ledger.keep(tx, entry, begun.mark, keptOf(answer)));
    return answer;
  } catch (error) {
    // When the store is what failed, the mark ends by itself; so it does where the answer was kept after all.
    await ledger.forget(entry, begun.mark).catch(() => {});
    throw error;
  }
}
