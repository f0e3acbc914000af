/** One event for everyone of an app, a page of people after another: rows that are due, so that a restart goes on where it was. */
import type { EventDraft } from '../../streams/stream-event.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import type { DueWork } from '../timers/due-rows.ts';
import { type ClaimedDue, finishDue, setDue } from '../timers/due-rows.ts';
import type { EventPublisher } from './event-publisher.ts';
import { personKey } from './person-key.ts';

export const TO_ALL_DUE = 'stream-all';

/** People a page, and bytes of the copies that they get: others wait for the store meanwhile. */
const PAGE = 1000;
const PAGE_BYTES = 4 * 1024 * 1024;

interface Progress {
  readonly draft: EventDraft;
  /** The last person who has it. */
  readonly after: string;
}

export interface ToAllParts {
  readonly store: Pick<HubStore, 'db' | 'write' | 'seal'>;
  readonly publisher: EventPublisher;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

const bound = (app: string, ref: string): string => `stream-all:${app}:${ref}`;

/** In the transaction of the request. @param ref names it: unique @returns how many people that are now */
export async function setToAll(
  tx: HubDb,
  { app, ref, draft }: { readonly app: string; readonly ref: string; readonly draft: EventDraft },
  { store: { seal }, now }: Pick<ToAllParts, 'store' | 'now'>,
): Promise<number> {
  const data = seal.seal(JSON.stringify({ draft, after: '' } satisfies Progress), bound(app, ref));
  await setDue(tx, [{ app, kind: TO_ALL_DUE, ref, at: now(), data }]);
  const { count } = await tx
    .selectFrom('users')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('app', '=', app)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** The work of TO_ALL_DUE. An event of each page has a key, so that a page that is done again gives no one a second one. */
export const toAllWork =
  (parts: ToAllParts): DueWork =>
  async (rows) => {
    for (const row of rows) await onePage(row, parts);
  };

async function onePage(row: ClaimedDue, { store, publisher, now }: ToAllParts): Promise<void> {
  const { app, ref } = row;
  const { draft, after } = JSON.parse(store.seal.open(row.data, bound(app, ref))) as Progress;
  const size = Math.max(1, Math.min(PAGE, Math.floor(PAGE_BYTES / Buffer.byteLength(draft.payload))));
  const people = await store.db
    .selectFrom('users')
    .select('id')
    .where('app', '=', app)
    .where('id', '>', after)
    .orderBy('id')
    .limit(size)
    .execute();
  const key = draft.key ?? ref;
  await publisher.publish(people.map(({ id }) => ({ user: personKey(app, id), draft: { ...draft, key } })));
  const last = people.length < size ? undefined : people.at(-1)?.id;
  await store.write(async (tx) => {
    await finishDue(tx, row);
    if (last === undefined) return;
    const data = store.seal.seal(JSON.stringify({ draft, after: last } satisfies Progress), bound(app, ref));
    await setDue(tx, [{ app, kind: TO_ALL_DUE, ref, at: now(), data }]);
  });
}
