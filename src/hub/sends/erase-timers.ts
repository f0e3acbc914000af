/** Timers name people: those of one who is erased go, and so does the name where it says how far a send to many has come. */
import type { HubDb } from '../storage/storage.ts';
import { CLEAR_DUE } from './clearing/clear-due.ts';
import { DIGEST_DUE } from './digests/digest-items.ts';
import { NO_CHANNEL_DUE } from './no-channel.ts';
import { HELD_DUE, type HeldPeople, PAGE_DUE, PERSON_DUE } from './person-due.ts';

/** Ids a statement. */
const AT_ONCE = 500;

/** @param notifications that were for the person */
export async function eraseTimers(
  tx: HubDb,
  app: string,
  user: string,
  notifications: readonly string[],
): Promise<void> {
  for (let at = 0; at < notifications.length; at += AT_ONCE)
    await tx
      .deleteFrom('due')
      .where('app', '=', app)
      .where('kind', 'in', [PERSON_DUE, NO_CHANNEL_DUE])
      .where(
        'ref',
        'in',
        notifications.slice(at, at + AT_ONCE).map((id) => JSON.stringify([id, user])),
      )
      .execute();
  await tx
    .deleteFrom('due')
    .where('app', '=', app)
    .where('kind', '=', CLEAR_DUE)
    .where('ref', '=', JSON.stringify([user]))
    .execute();
  await eraseDigests(tx, app, user);
  await erasePlaces(tx, app, user);
  await eraseEnds(tx, app, user);
}

/** Of any key: `["<user>","<key>"]`, and a comma is followed by a hyphen in the order of bytes. */
async function eraseDigests(tx: HubDb, app: string, user: string): Promise<void> {
  const begin = JSON.stringify([user]).slice(0, -1);
  await tx
    .deleteFrom('due')
    .where('app', '=', app)
    .where('kind', '=', DIGEST_DUE)
    .where('ref', '>=', `${begin},`)
    .where('ref', '<', `${begin}-`)
    .execute();
}

/** A send to many that has come as far as this person goes on behind the one before. */
async function erasePlaces(tx: HubDb, app: string, user: string): Promise<void> {
  const rows = await tx
    .selectFrom('due')
    .select('id')
    .where('app', '=', app)
    .where('kind', '=', PAGE_DUE)
    .where('data', '=', user)
    .execute();
  if (rows.length === 0) return;
  const before = await neighbour(tx, app, user, 'before');
  await tx
    .updateTable('due')
    .set({ data: before ?? '' })
    .where(
      'id',
      'in',
      rows.map(({ id }) => id),
    )
    .execute();
}

/** A page of people that begins or ends with this person reaches to the next one instead: who is looked at twice is sent to once. */
async function eraseEnds(tx: HubDb, app: string, user: string): Promise<void> {
  const rows = await tx
    .selectFrom('due')
    .select(['id', 'data'])
    .where('app', '=', app)
    .where('kind', '=', HELD_DUE)
    .execute();
  const named = rows
    .map(({ id, data }) => ({ id, people: JSON.parse(data ?? '[]') as HeldPeople }))
    .filter(({ people }) => people.includes(user));
  if (named.length === 0) return;
  const before = (await neighbour(tx, app, user, 'before')) ?? '';
  const behind = (await neighbour(tx, app, user, 'behind')) ?? null;
  for (const {
    id,
    people: [from, to],
  } of named) {
    const people: HeldPeople = [from === user ? before : from, to === user ? behind : to];
    await tx
      .updateTable('due')
      .set({ data: JSON.stringify(people) })
      .where('id', '=', id)
      .execute();
  }
}

/** The person whose id comes next; undefined: there is none. */
async function neighbour(
  tx: HubDb,
  app: string,
  user: string,
  where: 'before' | 'behind',
): Promise<string | undefined> {
  const row = await tx
    .selectFrom('users')
    .select('id')
    .where('app', '=', app)
    .where('id', where === 'before' ? '<' : '>', user)
    .orderBy('id', where === 'before' ? 'desc' : 'asc')
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}
