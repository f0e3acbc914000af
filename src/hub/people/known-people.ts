import { prepared } from '../storage/prepared.ts';
import type { HubDb, HubSeal } from '../storage/storage.ts';
import { readable } from '../storage/unreadable.ts';
import type { Addresses, PersonDoc } from './person.ts';
import { openProfile } from './person-rows.ts';

/** A person as far as sending is concerned. */
export interface KnownPerson extends Addresses, Pick<PersonDoc, 'locale' | 'timezone' | 'consent'> {
  readonly id: string;
  /** What is kept of the addresses cannot be read. */
  readonly unreadable?: true;
}

const find = prepared((db, { app, ids }: { readonly app: string; readonly ids: readonly string[] }) =>
  db
    .selectFrom('users')
    .select(['id', 'profile', 'locale', 'timezone', 'consent'])
    .where('app', '=', app)
    .where('id', 'in', ids),
);

/** Ids a statement. */
const AT_ONCE = 500;
const NO_CONSENT = Object.freeze({});

/**
 * Those of the ids that there are, by id.
 * @param withAddresses without them what is sealed stays closed
 */
export async function knownPeople(
  db: HubDb,
  seal: HubSeal,
  {
    app,
    ids,
    withAddresses,
  }: { readonly app: string; readonly ids: readonly string[]; readonly withAddresses: boolean },
): Promise<Map<string, KnownPerson>> {
  const found = new Map<string, KnownPerson>();
  for (let at = 0; at < ids.length; at += AT_ONCE)
    for (const row of await find(db, { app, ids: ids.slice(at, at + AT_ONCE) })) {
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
