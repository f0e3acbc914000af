/** What waits to leave together: an item for each decision that a digest has taken, and one timer for each person and key. */
import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import { digestKey } from '../../notifications/gate.ts';
import type { HubDb, HubSeal } from '../../storage/storage.ts';
import { dueId, setDue } from '../../timers/due-rows.ts';
import { isCollected } from '../rows/decision-rows.ts';
import type { Digested, PersonAt, Undigested } from '../step-people.ts';

export const DIGEST_DUE = 'digest';

/** The timer of a digest: one for each person and key. */
export const digestDue = (app: string, user: string, key: string) => ({
  app,
  kind: DIGEST_DUE,
  ref: JSON.stringify([user, key]),
});

export const digestOf = (ref: string): { readonly user: string; readonly key: string } => {
  const [user, key] = JSON.parse(ref) as [string, string];
  return { user, key };
};

/** What a digest tells of an item. */
export interface DigestItem {
  readonly id: string;
  /** Absent: nothing leaves of it but the id. */
  readonly type?: string;
  readonly title?: string;
  readonly message?: string;
  readonly url?: string;
}

/** A digest carries no more of it than each of the channels may: which of them it leaves by is decided later. */
function itemOf({ id, type, title, message, url, confidential, redact = {} }: AcceptedNotification): DigestItem {
  const hidden = new Set(Object.values(redact).flat());
  if (confidential || hidden.has('*')) return { id };
  return {
    ...{ id, type },
    ...(title === undefined || hidden.has('title') ? {} : { title }),
    ...(message === undefined || hidden.has('message') ? {} : { message }),
    ...(url === undefined || hidden.has('url') ? {} : { url }),
  };
}

const boundTo = (app: string, id: string): string => `digest:${app}:${id}`;

export const openItem = (seal: HubSeal, app: string, id: string, doc: string): DigestItem =>
  JSON.parse(seal.open(doc, boundTo(app, id)));

/** When the digests end that have begun, of people whose sender wants one; undefined: none of them does. */
export async function openDigests(
  tx: HubDb,
  people: readonly PersonAt[],
): Promise<((person: PersonAt) => ReadonlyMap<string, number>) | undefined> {
  const asking = people.filter(({ notification }) => notification.digest !== undefined);
  if (asking.length === 0) return undefined;
  const idOf = ({ notification: { app, digest }, user }: PersonAt): string =>
    dueId(digestDue(app, user, digestKey(digest?.key ?? '')));
  const rows = await tx.selectFrom('due').select(['id', 'due_at']).where('id', 'in', asking.map(idOf)).execute();
  const ends = new Map(rows.map(({ id, due_at }) => [id, due_at]));
  return (person) => {
    const at = ends.get(idOf(person));
    return new Map(at === undefined ? [] : [[person.notification.digest?.key ?? '', at]]);
  };
}

/** When a digest ends that has begun, UNIX milliseconds; undefined: none has. */
export async function digestEnd(tx: HubDb, due: ReturnType<typeof digestDue>): Promise<number | undefined> {
  const row = await tx.selectFrom('due').select('due_at').where('id', '=', dueId(due)).executeTakeFirst();
  return row?.due_at;
}

/** What makes an item. */
export type ForDigest = Pick<Digested, 'notification' | 'user' | 'key' | 'until' | 'again'>;

/** Notes items, and begins the digests that have not begun: their window counts from the first item. @returns the earliest end */
export async function takeIntoDigests(
  tx: HubDb,
  { seal, newId }: { readonly seal: HubSeal; readonly newId: () => string },
  digested: readonly ForDigest[],
): Promise<number | undefined> {
  if (digested.length === 0) return undefined;
  // A notification is one item of a person's digest, by however many ways it would have gone.
  const once = new Map(digested.map((each) => [JSON.stringify([each.notification.id, each.user, each.key]), each]));
  const items = [...once.values()].map(({ notification, user, key }) => {
    const id = newId();
    const { app } = notification;
    const doc = seal.seal(JSON.stringify(itemOf(notification)), boundTo(app, id));
    return { app, id, user, key, notification: notification.id, at: notification.created_at, doc };
  });
  await tx.insertInto('digest_items').values(items).execute();
  await beginDigests(tx, digested);
  return Math.min(...digested.map(({ until }) => until));
}

async function beginDigests(tx: HubDb, digested: readonly ForDigest[]): Promise<void> {
  const dues = digested.map(({ notification: { app }, user, key, until, again }) => ({
    ...{ ...digestDue(app, user, key), at: until, again },
  }));
  const once = [...new Map(dues.map((due) => [dueId(due), due])).values()];
  // What a person's settings collect leaves when they say so now; the window of a sender's counts from its first item.
  await setDue(
    tx,
    once.filter(({ again }) => again),
  );
  const others = once.filter(({ again }) => !again);
  if (others.length === 0) return;
  await tx
    .insertInto('due')
    .values(
      others.map(({ app, kind, ref, at }) => ({
        ...{ id: dueId({ app, kind, ref }), app, kind, ref, due_at: at, data: '' },
        ...{ claimed_by: null, lease_until: null, fence: 0, attempts: 0 },
      })),
    )
    // An update that changes nothing: it and a flush at the same moment cannot both be committed.
    .onConflict((conflict) => conflict.column('id').doUpdateSet((eb) => ({ attempts: eb.ref('due.attempts') })))
    .execute();
}

/** Takes out what is decided again: what is still to be collected is taken in again. */
export async function takeOutOfDigests(tx: HubDb, undigested: readonly Undigested[]): Promise<void> {
  for (const { app, notification, user } of undigested)
    await tx
      .deleteFrom('digest_items')
      .where('app', '=', app)
      .where('user', '=', user)
      .where('notification', '=', notification)
      .execute();
}

/** What a person's digest has collected leaves now. */
export async function endDigest(tx: HubDb, app: string, user: string, key: string, now: number): Promise<void> {
  const collected = await tx
    .selectFrom('digest_items')
    .select('id')
    .where('app', '=', app)
    .where('user', '=', user)
    .where('key', '=', key)
    .limit(1)
    .executeTakeFirst();
  if (!collected) return;
  await tx
    .updateTable('decisions')
    .set({ until: now })
    .where('app', '=', app)
    .where('user', '=', user)
    .where(isCollected)
    .where('notification', 'in', (eb) =>
      eb
        .selectFrom('digest_items')
        .select('notification')
        .where('app', '=', app)
        .where('user', '=', user)
        .where('key', '=', key),
    )
    .execute();
  await setDue(tx, [{ ...digestDue(app, user, key), at: now }]);
}
