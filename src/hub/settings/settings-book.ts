import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../../kit/is-object.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import { faulty, type PersonPart } from '../people/person.ts';
import { type ActorName, auditChanges } from '../storage/audit.ts';
import { prepared } from '../storage/prepared.ts';
import type { HubDb, HubStore, NewRow, Row } from '../storage/storage.ts';
import type { Channel } from '../words/channel.ts';
import type { UserRange } from '../words/user-range.ts';
import { patchSettings } from './patch-settings.ts';
import { parseSettings, type SettingsDoc } from './settings-doc.ts';
import type { Snooze, SnoozeEnd } from './snooze.ts';

/** What a person has set, as it is kept. */
export interface KeptSettings {
  readonly doc: SettingsDoc;
  /** It may be over. */
  readonly snooze?: Snooze | undefined;
  /** Counts the changes; 0: none was ever made. */
  readonly rev: number;
}

/** A type that a person says to want. */
export interface WantedType {
  readonly type: string;
  /** Absent: all. */
  readonly channels?: readonly Channel[];
}

type MadeSettings = KeptSettings & { readonly wanted?: readonly WantedType[] };

export const NO_SETTINGS: KeptSettings = Object.freeze({ doc: Object.freeze({}), rev: 0 });

export interface SettingsChange {
  readonly app: string;
  readonly user: string;
  readonly by: ActorName;
  /** Throws when a change of this version is not wanted. */
  readonly expect?: ((rev: number | undefined) => void) | undefined;
}

export interface SettingsBookOptions {
  readonly store: HubStore;
  readonly now: () => number;
  /** Makes the person whose settings they are, where that is not there yet. */
  readonly makePeople: (tx: HubDb, app: string, ids: readonly string[], now: number) => Promise<void>;
  /** A person wants these types again, by all channels or by some: in the transaction that writes it, before `changed`. */
  readonly wanted: (tx: HubDb, app: string, user: string, types: readonly WantedType[]) => Promise<void>;
  /** A snooze was ended before its time: in the transaction that does it, before `changed`. */
  readonly woken: (tx: HubDb, app: string, user: string) => Promise<void>;
  /** What is held for people is planned again, in the transaction that changes their settings. */
  readonly changed: (tx: HubDb, app: string, users: readonly string[]) => Promise<void>;
  /** After the commit. */
  readonly committed: () => void;
}

const keptOf = ({ doc, snoozed_until: until, snooze_on_end: end, rev }: Row<'settings'>): KeptSettings => ({
  doc: JSON.parse(doc) as SettingsDoc,
  ...(until === null ? {} : { snooze: { until, on_end: (end ?? 'release') as SnoozeEnd } }),
  rev,
});

const find = prepared((db, { app, users }: { readonly app: string; readonly users: readonly string[] }) =>
  db.selectFrom('settings').selectAll().where('app', '=', app).where('user', 'in', users),
);

const findBetween = prepared((db, { app, from, to }: UserRange & { readonly app: string }) =>
  db.selectFrom('settings').selectAll().where('app', '=', app).where('user', '>=', from).where('user', '<=', to),
);

/**
 * Those of some people, by person; who has set nothing is absent.
 * @param range they are all that there are between two: those are found without their names
 */
export async function settingsOf(
  db: HubDb,
  app: string,
  users: readonly string[],
  range?: UserRange,
): Promise<ReadonlyMap<string, KeptSettings>> {
  const rows = await (range ? findBetween(db, { app, ...range }) : find(db, { app, users }));
  return new Map(rows.map((row) => [row.user, keptOf(row)]));
}

/** What people want to hear and when, with their snoozes. */
export class SettingsBook {
  readonly #options: SettingsBookOptions;

  constructor(options: SettingsBookOptions) {
    this.#options = options;
  }

  async get(app: string, user: string): Promise<KeptSettings> {
    return (await settingsOf(this.#options.store.db, app, [user])).get(user) ?? NO_SETTINGS;
  }

  /** Replaces the document; makes the person. @throws PeopleRefusal 422; what `expect` throws */
  put(change: SettingsChange, json: unknown): Promise<KeptSettings> {
    const doc = read(parseSettings(json));
    return this.#change(change, 'settings.replace', (kept) => ({
      ...kept,
      doc,
      // A document that is sent back as it was read says nothing new.
      wanted: wantedTypes(doc, (type) => !isDeepStrictEqual(doc.types?.[type], kept.doc.types?.[type])),
    }));
  }

  /** Lays a merge patch (RFC 7396) over it. @throws PeopleRefusal 422; what `expect` throws */
  patch(change: SettingsChange, patch: unknown): Promise<KeptSettings> {
    const named = isObject(patch) && isObject(patch.types) ? patch.types : {};
    return this.#change(change, 'settings.update', (kept) => {
      const doc = read(patchSettings(kept.doc, patch));
      return { ...kept, doc, wanted: wantedTypes(doc, (type) => Object.hasOwn(named, type)) };
    });
  }

  snooze(change: SettingsChange, snooze: Snooze): Promise<KeptSettings> {
    return this.#change(change, 'settings.snooze', (kept) => ({ ...kept, snooze }));
  }

  /** Ends a snooze now, as it was to end by itself. */
  wake(change: SettingsChange): Promise<KeptSettings> {
    return this.#change(
      change,
      'settings.wake',
      ({ snooze, ...kept }) => {
        // The clock may have been set back while this waited for the store.
        const now = this.#options.now();
        return { ...kept, ...(snooze && snooze.until > now ? { snooze: { ...snooze, until: now } } : {}) };
      },
      this.#options.woken,
    );
  }

  async #change(
    { app, user, by, expect }: SettingsChange,
    action: string,
    make: (kept: KeptSettings) => MadeSettings,
    before: SettingsBookOptions['woken'] = async () => {},
  ): Promise<KeptSettings> {
    const { store, now, makePeople, wanted, changed, committed } = this.#options;
    const made = await store.write(async (tx) => {
      const kept = (await settingsOf(tx, app, [user])).get(user) ?? NO_SETTINGS;
      expect?.(kept.rev === 0 ? undefined : kept.rev);
      const { wanted: types = [], ...rest } = make(kept);
      const next = { ...rest, rev: kept.rev + 1 };
      await makePeople(tx, app, [user], now());
      await put(tx, rowOf(app, user, next, now()));
      await auditChanges(tx, store.seal, [{ app, at: now(), by, action, target: `user:${user}` }]);
      if (types.length > 0) await wanted(tx, app, user, types);
      await before(tx, app, user);
      await changed(tx, app, [user]);
      return next;
    });
    committed();
    return made;
  }
}

/** Types that a document switches on by their own name, no pattern. @param isSaid whether the change is about it */
function wantedTypes({ types = {} }: SettingsDoc, isSaid: (type: string) => boolean): WantedType[] {
  return Object.entries(types).flatMap(([type, said]): WantedType[] => {
    if (said === false || type.includes('*') || !isSaid(type)) return [];
    return [said === true || !said.channels?.length ? { type } : { type, channels: said.channels }];
  });
}

const read = (doc: SettingsDoc | readonly FaultyField[]): SettingsDoc => {
  if (Array.isArray(doc)) throw faulty(doc);
  return doc as SettingsDoc;
};

const rowOf = (app: string, user: string, { doc, snooze, rev }: KeptSettings, at: number): NewRow<'settings'> => ({
  ...{ app, user, doc: JSON.stringify(doc), rev, updated_at: at },
  ...{ snoozed_until: snooze?.until ?? null, snooze_on_end: snooze?.on_end ?? null },
});

async function put(tx: HubDb, row: NewRow<'settings'>): Promise<void> {
  const { app: _, user: __, ...change } = row;
  await tx
    .insertInto('settings')
    .values(row)
    .onConflict((conflict) => conflict.columns(['app', 'user']).doUpdateSet(change))
    .execute();
}

/** Settings as a part of the person. */
export const settingsPart: PersonPart = {
  name: 'settings',
  async erase(tx, app, user) {
    const rows = await tx
      .deleteFrom('settings')
      .where('app', '=', app)
      .where('user', '=', user)
      .returning('rev')
      .execute();
    return { settings: rows.length };
  },
  async export(db, app, user) {
    return (await settingsOf(db, app, [user])).get(user);
  },
};
