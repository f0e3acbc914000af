import { DatabaseSync } from 'node:sqlite';
import { hasBit } from '../../src/kit/bits.ts';
import { readJournal } from '../../src/queue/file/read-journal.ts';
import type { Client } from './client.ts';
import { indexOf } from './targets.ts';

/** What became of the pushes of a scenario. */
export interface Tally {
  readonly accepted: number;
  readonly delivered: number;
  /** Told to the feedback hook as failed. */
  readonly reported: number;
  readonly queued: number;
  /** Deliveries beyond the first of each push. */
  readonly duplicate: number;
  readonly lost: number;
}

/** Numbers of the targets that a queue file still holds, as pushes or as reports that the hook has not taken. */
export function queuedIn(path: string): Set<number> {
  const queued = new Set<number>();
  for (const { body, done } of readJournal(path).records) {
    const { notifications } = JSON.parse(Buffer.from(body).toString()) as { notifications: { tokens: string[] }[] };
    for (const [index, { tokens }] of notifications.entries()) {
      const bits = done.get(index) ?? new Uint8Array();
      for (const [place, token] of tokens.entries()) if (!hasBit(bits, place)) queued.add(indexOf(token));
    }
  }
  const db = new DatabaseSync(path, { readOnly: true });
  for (const { body } of db.prepare('SELECT body FROM report').iterate())
    queued.add(indexOf((JSON.parse(String(body)) as { token: string }).token));
  db.close();
  return queued;
}

export function tallyOf(
  { accepted }: Pick<Client, 'accepted'>,
  { delivered, reported }: Record<'delivered' | 'reported', ArrayLike<number>>,
  queued: ReadonlySet<number> = new Set(),
): Tally {
  const sum = { accepted: accepted.size, delivered: 0, reported: 0, queued: 0, duplicate: 0, lost: 0 };
  for (const index of accepted) {
    const times = delivered[index] ?? 0;
    const told = reported[index] ?? 0;
    if (times > 0) sum.delivered++;
    if (told > 0) sum.reported++;
    if (queued.has(index)) sum.queued++;
    sum.duplicate += Math.max(0, times - 1);
    if (times + told === 0 && !queued.has(index)) sum.lost++;
  }
  return sum;
}
