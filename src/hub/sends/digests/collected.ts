/** Decisions that a digest has collected and not sent yet. Each may be of a great many notifications of one person. */
import type { DecidedFact } from '../../../observe/metrics/hub-counts.ts';
import type { HubDb } from '../../storage/storage.ts';
import { settleStatuses } from '../settle-status.ts';
import { digestMark, TAKEN_BY_DIGEST } from './digest-id.ts';

/** Ids a statement. */
const AT_ONCE = 500;

const pagesOf = (ids: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, page) => ids.slice(page * AT_ONCE, (page + 1) * AT_ONCE));

/** By which ways each of the notifications was to come. */
export async function collectedOf(
  tx: HubDb,
  app: string,
  user: string,
  notifications: readonly string[],
): Promise<{ readonly notification: string; readonly channel: string }[]> {
  const found: { readonly notification: string; readonly channel: string }[] = [];
  for (const page of pagesOf(notifications))
    found.push(
      ...(await tx
        .selectFrom('decisions')
        .select(['notification', 'channel'])
        .distinct()
        .where('app', '=', app)
        .where('user', '=', user)
        .where('notification', 'in', page)
        .where('state', '=', 'deferred')
        .where('reason', '=', 'digested')
        .where('due_row', 'not like', TAKEN_BY_DIGEST)
        .execute()),
    );
  return found;
}

/** Those whose time is over are in no digest. @returns what has expired by it */
export async function expireCollected(
  tx: HubDb,
  app: string,
  user: string,
  notifications: readonly string[],
  now: number,
): Promise<DecidedFact[]> {
  const all: DecidedFact[] = [];
  for (const page of pagesOf(notifications)) {
    const expired = await tx
      .updateTable('decisions')
      .set({ state: 'expired', reason: 'expired', at: now, until: null, due_row: null })
      .where('app', '=', app)
      .where('user', '=', user)
      .where('state', '=', 'deferred')
      .where('reason', '=', 'digested')
      .where('notification', 'in', (eb) =>
        eb
          .selectFrom('notifications')
          .select('id')
          .where('app', '=', app)
          .where('id', 'in', page)
          .where('expires_at', '<=', now),
      )
      .returning(['app', 'notification', 'channel', 'state', 'reason'])
      .execute();
    await settleStatuses(tx, app, new Set(expired.map(({ notification }) => notification)), now);
    all.push(...expired);
  }
  return all;
}

/** They end as the digest does. */
export async function giveTo(
  tx: HubDb,
  app: string,
  user: string,
  notifications: readonly string[],
  digest: string,
): Promise<void> {
  for (const page of pagesOf(notifications))
    await tx
      .updateTable('decisions')
      .set({ due_row: digestMark(digest) })
      .where('app', '=', app)
      .where('user', '=', user)
      .where('notification', 'in', page)
      .where('state', '=', 'deferred')
      .where('reason', '=', 'digested')
      .where('due_row', 'not like', TAKEN_BY_DIGEST)
      .execute();
}
