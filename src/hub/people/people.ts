import { isObject } from '../../kit/is-object.ts';
import { mergePatch } from '../../kit/json/merge-patch.ts';
import { type ActorName, auditChanges } from '../storage/audit.ts';
import { bulkInsert } from '../storage/bulk-insert.ts';
import { prepared } from '../storage/prepared.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import {
  type AddressReply,
  consentOfHolders,
  type NewVerdict,
  noteVerdict,
  touchUsers,
  verdictsOf,
} from './addresses.ts';
import { erasedAt, erasePerson, targetsOf } from './erase-person.ts';
import { exportText } from './export-text.ts';
import { noteFormerAddresses } from './former-addresses.ts';
import { type FoundPeople, listPeople, type PeopleFilter } from './list-people.ts';
import type { OptOutLink } from './opt-out-link.ts';
import { addOptOut, optOutsIn, optOutsOf, removeOptOuts, type WantedAgain } from './opt-outs.ts';
import { parsePerson } from './parse-person.ts';
import {
  type AddressKind,
  addressKinds,
  type ErasedCounts,
  type ExportedPart,
  faulty,
  PeopleRefusal,
  type Person,
  type PersonDoc,
  type PersonPart,
  type PersonVerdicts,
} from './person.ts';
import { docColumns, EMPTY, isSameDoc, loadPerson, loadPersons, newUserRow, replaceGroups } from './person-rows.ts';
import { personBody, personView } from './person-view.ts';
import type { Withdrawing } from './withdrawing.ts';

/** Whether a change of a resource in this version is wanted; undefined: it is not there. Throws when it is not. */
export type ExpectRev = (rev: number | undefined) => void;

export interface PersonChange {
  readonly app: string;
  readonly id: string;
  readonly by: ActorName;
  readonly expect?: ExpectRev | undefined;
}

export interface ChangedPerson {
  readonly person: Person;
  readonly created: boolean;
  readonly changed: boolean;
}

export interface PeopleOptions {
  readonly store: HubStore;
  readonly now: () => number;
  /** What is kept of a person elsewhere. */
  readonly parts?: readonly PersonPart[];
  /** What an export has beside those. */
  readonly exported?: readonly ExportedPart[];
  /** A person is another: zone, addresses, consent. In the transaction that changes it. */
  readonly changed?: ((tx: HubDb, app: string, users: readonly string[]) => Promise<void>) | undefined;
  /** Takes back what is still to be sent to someone who was erased. */
  readonly withdrawing?: Pick<Withdrawing, 'ask' | 'withdraw'> | undefined;
  /** After the commit of such a change. */
  readonly committed?: (() => void) | undefined;
}

const UNREADABLE = 'what is kept of this user cannot be read: replace all of it, with PUT';

/** The people of all apps. */
export class People {
  readonly #store: HubStore;
  readonly #now: () => number;
  readonly #parts: readonly PersonPart[];
  readonly #exported: readonly ExportedPart[];
  readonly #changed: NonNullable<PeopleOptions['changed']>;
  readonly #committed: () => void;
  readonly #withdrawing: PeopleOptions['withdrawing'];

  constructor({
    store,
    now,
    parts = [],
    exported = [],
    withdrawing,
    changed = async () => {},
    committed = () => {},
  }: PeopleOptions) {
    this.#store = store;
    this.#now = now;
    this.#parts = parts;
    this.#exported = exported;
    this.#changed = changed;
    this.#committed = committed;
    this.#withdrawing = withdrawing;
  }

  get(app: string, id: string): Promise<Person | undefined> {
    return loadPerson(this.#store.db, this.#store.seal, app, id);
  }

  many(app: string, ids: readonly string[]): Promise<Map<string, Person>> {
    return loadPersons(this.#store.db, this.#store.seal, app, ids);
  }

  /** What is known of the addresses of each, in their order. */
  addresses(app: string, people: readonly PersonDoc[]): Promise<PersonVerdicts[]> {
    return verdictsOf(this.#store.db, this.#store.seal, app, people);
  }

  /** As the API shows them, in their order. */
  async views(app: string, people: readonly Person[]) {
    const addresses = await this.addresses(app, people);
    const ids = people.map(({ id }) => id);
    const optOuts = await optOutsOf(this.#store.db, app, ids);
    return people.map((person, index) =>
      personView(person, { addresses: addresses[index] ?? {}, optOuts: optOutsIn(optOuts, person.id) }),
    );
  }

  /** Notes what became known of an address. */
  noteVerdict(app: string, verdict: NewVerdict): Promise<void> {
    return this.#store.write((tx) => noteVerdict(tx, this.#store.seal, app, verdict));
  }

  /** A person does not want this type by this channel any more. One who is gone, or was erased since the link was made, wants nothing. */
  async optOut({ app, user, channel, type, at: made }: OptOutLink): Promise<void> {
    const { seal } = this.#store;
    const now = this.#now();
    const added = await this.#store.write(async (tx) => {
      const person = await loadPerson(tx, seal, app, user);
      if (!person || ((await erasedAt(tx, seal, app, user)) ?? 0) >= made) return false;
      if (!(await addOptOut(tx, { app, user, channel, type, at: now, source: 'link' }))) return false;
      await touchUsers(tx, app, [user], now);
      const detail = { channel, type };
      const by = `user:${user}`;
      await auditChanges(tx, seal, [{ app, at: now, by, action: 'user.opted_out', target: by, detail }]);
      await this.#changed(tx, app, [user]);
      return true;
    });
    if (added) this.#committed();
  }

  /** In the transaction of what says so. */
  async wantsAgain(tx: HubDb, wanted: WantedAgain): Promise<void> {
    if (await removeOptOuts(tx, wanted)) await touchUsers(tx, wanted.app, [wanted.user], this.#now());
  }

  /** A person has answered a message: a stop holds for the address, and for the consent of those who have it, until a start. */
  async replied({ app, kind, address, wants, at }: AddressReply): Promise<void> {
    const { seal } = this.#store;
    await this.#store.write(async (tx) => {
      const isStop = wants === 'stop';
      const source = wants.toUpperCase();
      const verdict = { kind, address, at, status: isStop ? 'unsubscribed' : 'active', reason: source } as const;
      await noteVerdict(tx, seal, app, isStop ? verdict : { ...verdict, reason: undefined, from: 'unsubscribed' });
      const users = await consentOfHolders(tx, seal, app, { kind, address, consent: { granted: !isStop, at, source } });
      const action = isStop ? 'user.stopped' : 'user.started';
      await auditChanges(
        tx,
        seal,
        users.map((user) => ({ app, at, by: 'hub', action, target: `user:${user}`, detail: { channel: kind } })),
      );
      await this.#changed(tx, app, users);
    });
    this.#committed();
  }

  list(app: string, filter: PeopleFilter): Promise<FoundPeople> {
    return listPeople(this.#store, app, filter);
  }

  /** Replaces what is known of a person, who need not be there yet. @throws PeopleRefusal; what `expect` throws */
  async put(change: PersonChange, json: unknown): Promise<ChangedPerson> {
    return this.#written(change, (before) => this.#read(json, before), true);
  }

  /** Lays a merge patch (RFC 7396) over it. @throws PeopleRefusal 404, 409, 422; what `expect` throws */
  async patch(change: PersonChange, patch: unknown): Promise<ChangedPerson> {
    if (!isObject(patch)) throw faulty([{ path: '', reason: 'must be an object' }]);
    const docOf = (before: Person | undefined): PersonDoc => {
      // What the patch says nothing of would be lost for good.
      if (before?.unreadable) throw new PeopleRefusal('conflict', UNREADABLE);
      return this.#read(mergePatch(before ? personBody(before) : {}, patch), before);
    };
    return this.#written(change, docOf, false);
  }

  /**
   * Deletes everything about a person, and everything of theirs. Once it resolves no file of the store holds any of it, and nothing
   * that was begun before is sent. Someone who is not there is erased, too: streams and events need no person.
   * @returns how many of each kind are gone: `pushes` those that waited, `in_flight` those that had begun to be sent and are not over
   */
  async erase({ app, id, by, expect }: PersonChange): Promise<ErasedCounts> {
    const { seal } = this.#store;
    const { counts, gone, asked } = await this.#store.write(async (tx) => {
      expect?.((await loadPerson(tx, seal, app, id))?.rev);
      const before = await targetsOf(tx, { seal, app, user: id, parts: this.#parts });
      const erased = await erasePerson(tx, { seal, app, user: id, by, now: this.#now(), parts: this.#parts });
      const person = { app, user: id, ...before };
      return { counts: erased, gone: person, asked: await this.#withdrawing?.ask(tx, person) };
    });
    const withdrawn = await this.#withdrawing?.withdraw(gone, asked);
    for (const part of this.#parts) await part.erased?.(app, id);
    await this.#store.scrub();
    return { ...counts, pushes: withdrawn?.ended ?? 0, in_flight: withdrawn?.inFlight ?? 0 };
  }

  /** When someone of this id was last erased: work that was begun before is not done. UNIX milliseconds. */
  erasedAt(app: string, id: string): Promise<number | undefined> {
    return erasedAt(this.#store.db, this.#store.seal, app, id);
  }

  /** Everything about a person and of theirs, by part: a text of JSON in pieces; undefined: there is no such person. */
  async exportText(app: string, id: string): Promise<AsyncIterable<string> | undefined> {
    const person = await this.get(app, id);
    if (!person) return undefined;
    const [user] = await this.views(app, [person]);
    const own: ExportedPart = { name: 'user', export: async () => user };
    return exportText([own, ...this.#parts, ...this.#exported], this.#store.db, { app, user: id });
  }

  #read(json: unknown, before: Person | undefined): PersonDoc {
    const doc = parsePerson(json, this.#now(), before?.consent);
    if (Array.isArray(doc)) throw faulty(doc);
    return doc as PersonDoc;
  }

  async #written(
    change: PersonChange,
    docOf: (person: Person | undefined) => PersonDoc,
    makes: boolean,
  ): Promise<ChangedPerson> {
    const saved = await this.#store.write(async (tx) => {
      const result = await this.#save(tx, change, docOf, makes);
      if (result.changed && !result.created) await this.#changed(tx, change.app, [change.id]);
      return result;
    });
    if (saved.changed) this.#committed();
    return saved;
  }

  async #save(
    tx: HubDb,
    { app, id, by, expect }: PersonChange,
    docOf: (person: Person | undefined) => PersonDoc,
    makes: boolean,
  ): Promise<ChangedPerson> {
    const { seal } = this.#store;
    const before = await loadPerson(tx, seal, app, id);
    if (!before && !makes) throw new PeopleRefusal('not_found', 'there is no such user');
    expect?.(before?.rev);
    const doc = docOf(before);
    if (before && isSameDoc(before, doc)) return { person: before, created: false, changed: false };
    const now = this.#now();
    if (!before)
      await tx
        .insertInto('users')
        .values(newUserRow(seal, app, id, doc, now))
        .execute();
    else
      await tx
        .updateTable('users')
        .set({ ...docColumns(seal, app, id, doc), rev: before.rev + 1, updated_at: now })
        .where('app', '=', app)
        .where('id', '=', id)
        .execute();
    if (before) await noteFormerAddresses(tx, { seal, app, user: id, before, after: doc, now });
    await replaceGroups(tx, app, id, doc);
    for (const { kind, at } of renewedConsent(before?.consent, doc.consent))
      await removeOptOuts(tx, { app, user: id, channels: [kind], until: at });
    const action = before ? 'user.changed' : 'user.created';
    await auditChanges(tx, seal, [{ app, at: now, by, action, target: `user:${id}` }]);
    return { person: (await loadPerson(tx, seal, app, id)) as Person, created: !before, changed: true };
  }
}

/** Channels that a person has agreed to once more, and when. */
function renewedConsent(
  before: PersonDoc['consent'] = {},
  after: PersonDoc['consent'],
): { readonly kind: AddressKind; readonly at: number }[] {
  return addressKinds.flatMap((kind) => {
    const [old, given] = [before[kind], after[kind]];
    const isNew = given?.granted === true && (old?.granted !== true || old.at < given.at);
    return isNew ? [{ kind, at: given.at }] : [];
  });
}

const thereAmong = prepared((db, { app, ids }: { readonly app: string; readonly ids: readonly string[] }) =>
  db.selectFrom('users').select('id').where('app', '=', app).where('id', 'in', ids),
);

/** Makes those who are not there yet: a device or settings make their person. */
export async function ensurePeople(
  tx: HubDb,
  { engine, seal }: Pick<HubStore, 'engine' | 'seal'>,
  app: string,
  ids: readonly string[],
  now: number,
): Promise<void> {
  if (ids.length === 0) return;
  const known = new Set((await thereAmong(tx, { app, ids })).map(({ id }) => id));
  const missing = [...new Set(ids)].filter((id) => !known.has(id));
  const made = missing.map((id) => newUserRow(seal, app, id, EMPTY, now));
  await bulkInsert(tx, engine, 'users', made);
}
