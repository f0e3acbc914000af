import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../push/push.ts';
import type { HubDb, HubSeal, NewRow, Row } from '../storage/storage.ts';
import { readable } from '../storage/unreadable.ts';
import { type AddressKind, addressKinds, addressOf, type Consent, type Person, type PersonDoc } from './person.ts';

/** What is sealed of a person. */
interface Profile {
  readonly name?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly slack?: string;
  readonly data?: JsonObject;
}

const bound = (app: string, id: string): string => `user:${JSON.stringify([app, id])}`;

/** The keyed hash that an address is found by. Mail domains are the same in any case, and in practice so is what is before them. */
export const addressHash = (seal: HubSeal, app: string, kind: AddressKind, address: string): string =>
  seal.hash(`address:${kind}`, app, kind === 'email' ? address.toLowerCase() : address);

const hashOrNull = (seal: HubSeal, app: string, kind: AddressKind, doc: PersonDoc): string | null => {
  const address = addressOf(doc, kind);
  return address === undefined ? null : addressHash(seal, app, kind, address);
};

/** Of a person of whom nothing is known but that a device or settings are theirs. */
export const EMPTY: PersonDoc = Object.freeze({ roles: [], teams: [], data: {}, consent: {} });

/** What of a row a change of the document sets. */
export function docColumns(seal: HubSeal, app: string, id: string, doc: PersonDoc) {
  const { name, email, phone, slack, data, locale, timezone, consent } = doc;
  const profile: Profile = { name, email, phone, slack, data } as Profile;
  // Most people that devices make are only their id: there is nothing to seal.
  const isEmpty = doc === EMPTY;
  return {
    profile: isEmpty ? '' : seal.seal(JSON.stringify(profile), bound(app, id)),
    locale: locale ?? null,
    timezone: timezone ?? null,
    consent: JSON.stringify(consent),
    email_hash: hashOrNull(seal, app, 'email', doc),
    phone_hash: hashOrNull(seal, app, 'sms', doc),
    slack_hash: hashOrNull(seal, app, 'slack', doc),
  };
}

export const newUserRow = (seal: HubSeal, app: string, id: string, doc: PersonDoc, now: number): NewRow<'users'> => ({
  ...docColumns(seal, app, id, doc),
  app,
  id,
  rev: 1,
  created_at: now,
  updated_at: now,
});

export const openProfile = (
  seal: HubSeal,
  { app, id, profile }: Pick<Row<'users'>, 'app' | 'id' | 'profile'>,
): Profile => (profile === '' ? {} : (JSON.parse(seal.open(profile, bound(app, id))) as Profile));

function personOf(seal: HubSeal, row: Row<'users'>, roles: readonly string[], teams: readonly string[]): Person {
  const opened = readable(() => openProfile(seal, row));
  const { data = {}, ...profile } = opened ?? {};
  return {
    app: row.app,
    id: row.id,
    ...profile,
    ...(row.locale === null ? {} : { locale: row.locale }),
    ...(row.timezone === null ? {} : { timezone: row.timezone }),
    roles,
    teams,
    data,
    consent: JSON.parse(row.consent) as Partial<Record<AddressKind, Consent>>,
    rev: row.rev,
    created_at: row.created_at,
    updated_at: row.updated_at,
    ...(opened ? {} : { unreadable: true as const }),
  };
}

/** Persons of their rows, with roles and teams. */
export async function personsOf(
  db: HubDb,
  seal: HubSeal,
  app: string,
  rows: readonly Row<'users'>[],
): Promise<Person[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const roles = await db
    .selectFrom('user_roles')
    .select(['user', 'role as name'])
    .where('app', '=', app)
    .where('user', 'in', ids)
    .orderBy('role')
    .execute();
  const teams = await db
    .selectFrom('user_teams')
    .select(['user', 'team as name'])
    .where('app', '=', app)
    .where('user', 'in', ids)
    .orderBy('team')
    .execute();
  const rolesOf = namesByUser(roles);
  const teamsOf = namesByUser(teams);
  return rows.map((row) => personOf(seal, row, rolesOf.get(row.id) ?? [], teamsOf.get(row.id) ?? []));
}

function namesByUser(rows: readonly { readonly user: string; readonly name: string }[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { user, name } of rows) {
    const names = found.get(user);
    if (names) names.push(name);
    else found.set(user, [name]);
  }
  return found;
}

/** At most so many ids are asked for in one query. */
const MOST_IDS = 500;

/** Those of the ids that there are, by id. */
export async function loadPersons(
  db: HubDb,
  seal: HubSeal,
  app: string,
  ids: readonly string[],
): Promise<Map<string, Person>> {
  const found = new Map<string, Person>();
  for (let start = 0; start < ids.length; start += MOST_IDS) {
    const part = ids.slice(start, start + MOST_IDS);
    const rows = await db.selectFrom('users').selectAll().where('app', '=', app).where('id', 'in', part).execute();
    for (const person of await personsOf(db, seal, app, rows)) found.set(person.id, person);
  }
  return found;
}

export const loadPerson = async (db: HubDb, seal: HubSeal, app: string, id: string): Promise<Person | undefined> =>
  (await loadPersons(db, seal, app, [id])).get(id);

const docOf = ({ app: _a, id: _i, rev: _r, created_at: _c, updated_at: _u, ...doc }: Person): PersonDoc => doc;

/** Whether two documents say the same, however their keys are ordered. */
export const isSameDoc = (person: Person, doc: PersonDoc): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(docOf(person))), JSON.parse(JSON.stringify(doc)));

/** Replaces roles and teams. */
export async function replaceGroups(tx: HubDb, app: string, user: string, { roles, teams }: PersonDoc): Promise<void> {
  await tx.deleteFrom('user_roles').where('app', '=', app).where('user', '=', user).execute();
  await tx.deleteFrom('user_teams').where('app', '=', app).where('user', '=', user).execute();
  if (roles.length > 0)
    await tx
      .insertInto('user_roles')
      .values(roles.map((role) => ({ app, user, role })))
      .execute();
  if (teams.length > 0)
    await tx
      .insertInto('user_teams')
      .values(teams.map((team) => ({ app, user, team })))
      .execute();
}

export const hashColumn = (kind: AddressKind): 'email_hash' | 'phone_hash' | 'slack_hash' =>
  kind === 'sms' ? 'phone_hash' : `${kind}_hash`;

/** All kinds that an address can have verdicts in, with the person's hashes. */
export const addressHashes = (
  row: Pick<Row<'users'>, 'email_hash' | 'phone_hash' | 'slack_hash'>,
): [AddressKind, string][] =>
  addressKinds.flatMap((kind): [AddressKind, string][] => {
    const hash = row[hashColumn(kind)];
    return hash === null ? [] : [[kind, hash]];
  });
