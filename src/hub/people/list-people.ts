import { type RowPage, rowPage } from '../storage/row-page.ts';
import type { HubStore } from '../storage/storage.ts';
import type { Person } from './person.ts';
import { personsOf } from './person-rows.ts';

export interface PeopleFilter {
  readonly team?: string | undefined;
  readonly role?: string | undefined;
  /** Part of id, name, mail address or telephone number, in any case. */
  readonly q?: string | undefined;
  readonly limit: number;
  /** The id that the page begins after. */
  readonly after?: string | undefined;
}

export interface FoundPeople {
  /** By id; fewer than `limit` where a search had to look at many, or where they are large. */
  readonly people: readonly Person[];
  /** Where the next page begins; undefined: there is none. */
  readonly after: string | undefined;
}

/** Names and addresses are sealed, so a search opens each: so many in one read, with a turn of the event loop in between … */
const PAGE = 500;
/** … and so many reads for one page of the answer. */
const MOST_READS = 40;

const matches = ({ id, name, email, phone }: Person, q: string): boolean =>
  [id, name, email, phone].some((text) => text?.toLowerCase().includes(q));

const page = (
  store: HubStore,
  app: string,
  filter: PeopleFilter,
  after: string | undefined,
  limit: number,
): Promise<RowPage<Person>> =>
  rowPage({
    limit,
    read: (last: Person | undefined, count) => read(store, app, filter, last?.id ?? after, count),
    bytesOf: (person) => JSON.stringify(person).length,
    open: (person) => person,
  });

async function read(store: HubStore, app: string, filter: PeopleFilter, after: string | undefined, limit: number) {
  let query = store.db.selectFrom('users').selectAll('users').where('users.app', '=', app);
  const { team, role } = filter;
  if (team !== undefined)
    query = query.where('users.id', 'in', (from) =>
      from.selectFrom('user_teams').select('user').where('app', '=', app).where('team', '=', team),
    );
  if (role !== undefined)
    query = query.where('users.id', 'in', (from) =>
      from.selectFrom('user_roles').select('user').where('app', '=', app).where('role', '=', role),
    );
  if (after !== undefined) query = query.where('users.id', '>', after);
  const rows = await query.orderBy('users.id').limit(limit).execute();
  return personsOf(store.db, store.seal, app, rows);
}

export async function listPeople(store: HubStore, app: string, filter: PeopleFilter): Promise<FoundPeople> {
  const { limit } = filter;
  const q = filter.q?.toLowerCase();
  if (q === undefined) {
    const { found, isCut } = await page(store, app, filter, filter.after, limit + 1);
    const people = found.slice(0, limit);
    return { people, after: isCut || found.length > limit ? people.at(-1)?.id : undefined };
  }
  const found: Person[] = [];
  let { after } = filter;
  for (let reads = 0; reads < MOST_READS; reads++) {
    const { found: people, isCut } = await page(store, app, filter, after, PAGE);
    for (const person of people) {
      if (matches(person, q)) found.push(person);
      after = person.id;
      if (found.length === limit) return { people: found, after };
    }
    if (people.length < PAGE && !isCut) return { people: found, after: undefined };
    if (isCut && found.length > 0) return { people: found, after };
    await new Promise(setImmediate);
  }
  return { people: found, after };
}
