import { prepared } from '../storage/prepared.ts';
import type { HubDb, HubSeal } from '../storage/storage.ts';
import { readable } from '../storage/unreadable.ts';
import type { UserRange } from '../words/user-range.ts';
import type { Addresses, PersonDoc } from './person.ts';
import { openProfile } from './person-rows.ts';

/** A person as far as sending is concerned. */
export interface KnownPerson extends Addresses, Pick<PersonDoc, 'locale' | 'timezone' | 'consent'> {
  readonly id: string;
  /** What is kept of the addresses cannot be read. */
  readonly unreadable?: true;
}

const ofApp = (db: HubDb, app: string) =>
  db.selectFrom('users').select(['id', 'profile', 'locale', 'timezone', 'consent']).where('app', '=', app);

const find = prepared((db, { app, ids }: { readonly app: string; readonly ids: readonly string[] }) =>
  ofApp(db, app).where('id', 'in', ids),
);

const findBetween = prepared((db, { app, from, to }: UserRange & { readonly app: string }) =>
  ofApp(db, app).where('id', '>=', from).where('id', '<=', to),
);

/** Ids a statement. */
const AT_ONCE = 500;

type FoundPerson = Awaited<ReturnType<typeof find>>[number];

async function rowsOf(
  db: HubDb,
  { app, ids, range }: Omit<PeopleAsked, 'withAddresses'>,
): Promise<readonly FoundPerson[]> {
  if (range) return findBetween(db, { app, ...range });
  const rows: FoundPerson[] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE)
    rows.push(...(await find(db, { app, ids: ids.slice(at, at + AT_ONCE) })));
  return rows;
}

const NO_CONSENT = Object.freeze({});

interface PeopleAsked {
  readonly app: string;
  readonly ids: readonly string[];
  /** They are all that there are between two: those are found without their names. */
  readonly range?: UserRange | undefined;
  /** Without them what is sealed stays closed. */
  readonly withAddresses: boolean;
}

/** Those of the ids that there are, by id. */
export async function knownPeople(
  db: HubDb,
  seal: HubSeal,
  { withAddresses, ...asked }: PeopleAsked,
): Promise<Map<string, KnownPerson>> {
  const { app } = asked;
  const found = new Map<string, KnownPerson>();
  for (const row of await rowsOf(db, asked)) {
    const { id, locale, timezone, consent } = row;
    const profile = withAddresses ? readable(() => openProfile(seal, { ...row, app })) : {};
    const { email, phone, slack } = profile ?? {};
    found.set(id, {
      id,
      ...(email === undefined ? {} : { email }),
      ...(phone === undefined ? {} : { phone }),
      ...(slack === undefined ? {} : { slack }),
      ...(locale === null ? {} : { locale }),
      ...(timezone === null ? {} : { timezone }),
      ...(profile ? {} : { unreadable: true as const }),
      consent: consent === '{}' ? NO_CONSENT : (JSON.parse(consent) as KnownPerson['consent']),
    });
  }
  return found;
}
