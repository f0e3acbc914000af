/** What waits to leave together: an item for each decision that a digest has taken, and one timer for each person and key. */
import type { HubDb, HubSeal } from '../../storage/storage.ts';
import { dueId } from '../../timers/due-rows.ts';
import type { Digested, PersonAt } from '../step-people.ts';

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
  readonly type: string;
  readonly title?: string;
  readonly message?: string;
  readonly url?: string;
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
    dueId(digestDue(app, user, digest?.key ?? ''));
  const rows = await tx.selectFrom('due').select(['id', 'due_at']).where('id', 'in', asking.map(idOf)).execute();
  const ends = new Map(rows.map(({ id, due_at }) => [id, due_at]));
  return (person) => {
    const at = ends.get(idOf(person));
    return new Map(at === undefined ? [] : [[person.notification.digest?.key ?? '', at]]);
  };
}

/** Notes items, and begins the digests that have not begun: their window counts from the first item. @returns the earliest end */
export async function takeIntoDigests(
  tx: HubDb,
  { seal, newId, now }: { readonly seal: HubSeal; readonly newId: () => string; readonly now: number },
  digested: readonly Digested[],
): Promise<number | undefined> {
  if (digested.length === 0) return undefined;
  // A notification is one item of a person's digest, by however many ways it would have gone.
  const once = new Map(digested.map((each) => [JSON.stringify([each.notification.id, each.user, each.key]), each]));
  const items = [...once.values()].map(({ notification, user, key }) => {
    const id = newId();
    const { app, type, title, message, url } = notification;
    const item: DigestItem = {
      ...{ id: notification.id, type },
      ...(title === undefined ? {} : { title }),
      ...(message === undefined ? {} : { message }),
      ...(url === undefined ? {} : { url }),
    };
    const doc = seal.seal(JSON.stringify(item), boundTo(app, id));
    return { app, id, user, key, notification: notification.id, at: now, doc };
  });
  await tx.insertInto('digest_items').values(items).execute();
  const dues = digested.map(({ notification: { app }, user, key, until }) => ({ ...digestDue(app, user, key), until }));
  await tx
    .insertInto('due')
    .values(
      [...new Map(dues.map((due) => [dueId(due), due])).values()].map(({ app, kind, ref, until }) => ({
        ...{ id: dueId({ app, kind, ref }), app, kind, ref, due_at: until, data: '' },
        ...{ claimed_by: null, lease_until: null, fence: 0, attempts: 0 },
      })),
    )
    // An update that changes nothing: it and a flush at the same moment cannot both be committed.
    .onConflict((conflict) => conflict.column('id').doUpdateSet((eb) => ({ attempts: eb.ref('due.attempts') })))
    .execute();
  return Math.min(...dues.map(({ until }) => until));
}
