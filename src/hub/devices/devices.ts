import { isObject } from '../../kit/is-object.ts';
import { mergePatch } from '../../kit/json/merge-patch.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import { faulty, PeopleRefusal } from '../people/person.ts';
import { type ActorName, auditChanges } from '../storage/audit.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import { allDevices, shownDevice } from './all-devices.ts';
import type { Device, DeviceBook, DeviceVerdict, ReachableDevice } from './device.ts';
import {
  type DeviceReading,
  deleteDevices,
  deviceOf,
  MOST_IDS,
  openTargets,
  reachable,
  type StoredDevice,
  storedDevices,
  withLinks,
} from './device-rows.ts';
import { type DevicePlatforms, type DeviceTarget, readTarget } from './device-target.ts';
import { deviceBody, type deviceView } from './device-view.ts';
import { noteFormer } from './former-targets.ts';
import { type ImportCounts, type ImportRow, importRows } from './import-rows.ts';
import { type GivenDevice, parseDevice } from './parse-device.ts';
import { type MakePeople, type Registered, type RegistrationTools, register, rowsFor } from './register-device.ts';
import { RegisterTogether } from './register-together.ts';
import type { Removals } from './removals.ts';
import { noteTries, takeTries } from './suspicion.ts';

export interface DevicesOptions extends DevicePlatforms {
  readonly store: HubStore;
  readonly now: () => number;
  readonly makePeople: MakePeople;
  readonly removals: Removals;
  /** `hub.devices.stale_after`. */
  readonly staleAfterMs: number;
  /** Devices of one person. */
  readonly mostDevices?: number;
  /** People have other devices, or devices in another zone: in the transaction that changes it. */
  readonly changed?: ((tx: HubDb, app: string, users: readonly string[]) => Promise<void>) | undefined;
  /** Has what is to be sent to targets that are someone else's now asked about: in the transaction, and after its commit. */
  readonly withdrawing?:
    | {
        askDoubt(tx: HubDb, app: string, targets: readonly string[]): Promise<string | undefined>;
        doubt(app: string, targets: readonly string[], asked: string | undefined): void;
      }
    | undefined;
  /** After the commit of such a change. */
  readonly committed?: (() => void) | undefined;
}

/** Who changes which device. */
export interface DeviceChange {
  readonly app: string;
  readonly by: ActorName;
  /** The person whose token it is: only their own devices are there. Undefined: a back end. */
  readonly person?: string | undefined;
  readonly expect?: ((rev: number | undefined) => void) | undefined;
  /** Done in the same transaction. */
  readonly also?: ((tx: HubDb, result: RegisteredDevice) => Promise<void>) | undefined;
}

export interface RegisteredDevice extends Omit<Registered, 'stored' | 'lost'> {
  readonly device: Device;
  /** As the API shows it. */
  readonly view: ReturnType<typeof deviceView>;
}

const MOST_DEVICES = 100;
/** Of an id that is made of the token. */
const ID_LENGTH = 22;

const notThere = (): PeopleRefusal => new PeopleRefusal('not_found', 'there is no such device');

/** The devices of all apps, and whose they are. */
export class Devices implements DeviceBook {
  readonly #options: DevicesOptions;
  readonly #together: RegisterTogether<Changed<RegisteredDevice>>;

  constructor(options: DevicesOptions) {
    this.#options = options;
    const { store, changed } = options;
    this.#together = new RegisterTogether({ store, changed, tools: () => this.#tools() });
  }

  /** @returns undefined where it is not there, or not this person's */
  async get(app: string, id: string, person?: string): Promise<Device | undefined> {
    const [stored] = await storedDevices(this.#options.store.db, app, [id]);
    return stored && isTheirs(stored, person) ? deviceOf(stored, this.#reading()) : undefined;
  }

  /** As the API shows it. */
  async view(app: string, id: string, person?: string) {
    const [stored] = await storedDevices(this.#options.store.db, app, [id]);
    return stored && isTheirs(stored, person) ? { rev: stored.row.rev, body: this.#view(stored) } : undefined;
  }

  /** Brings a device into the state of the body. @throws PeopleRefusal 403, 404, 409, 422; what `expect` throws */
  async put(change: DeviceChange, id: string, json: unknown): Promise<RegisteredDevice> {
    const given = this.#read(json);
    const target = this.#target(change.app, given);
    return this.#write(change, given, target, async () => id, id);
  }

  /** What tokens are opened with. */
  get seal(): HubStore['seal'] {
    return this.#options.store.seal;
  }

  get engine(): HubStore['engine'] {
    return this.#options.store.engine;
  }

  /** The same for a device without an id of its own: the row that has its token, or one whose id is made of it. */
  async post(change: DeviceChange, json: unknown): Promise<RegisteredDevice> {
    const given = this.#read(json);
    const target = this.#target(change.app, given);
    if (!target) throw faulty([{ path: 'token', reason: 'is missing' }]);
    return this.#write(change, given, target, (tx) => this.#idFor(tx, change.app, target));
  }

  /** Lays a merge patch (RFC 7396) over it. @throws PeopleRefusal 403, 404, 409, 422; what `expect` throws */
  async patch(change: DeviceChange, id: string, patch: unknown): Promise<RegisteredDevice> {
    if (!isObject(patch)) throw faulty([{ path: '', reason: 'must be an object' }]);
    return this.#changing(change.app, async (tx, lost) => {
      const [stored] = await storedDevices(tx, change.app, [id]);
      if (!stored || !isTheirs(stored, change.person)) throw notThere();
      const body = mergePatch(deviceBody(deviceOf(stored, this.#reading()), patch), patch);
      const keepsOwners = !('user' in patch || 'users' in patch);
      const isSignOut = patch.user === null || patch.users === null;
      const given = this.#read({ ...(body as object), ...(isSignOut ? { user: null } : {}) });
      return this.#register(
        tx,
        change,
        id,
        { ...given, isSeen: false, keepsOwners, lost },
        this.#target(change.app, given),
      );
    });
  }

  /** @returns whether it was there. @throws what `expect` throws */
  delete({ app, by, person, expect }: DeviceChange, id: string): Promise<boolean> {
    return this.#changing(app, async (tx, lost) => {
      const [stored] = await storedDevices(tx, app, [id]);
      if (stored && !isTheirs(stored, person)) throw notThere();
      expect?.(stored?.row.rev);
      if (!stored) return false;
      lost.push(...openTargets(this.seal, [stored.row]));
      await noteFormer(tx, { seal: this.seal, app, now: this.#options.now() }, [stored]);
      await deleteDevices(tx, app, [id]);
      await auditChanges(tx, this.#options.store.seal, [
        { app, at: this.#options.now(), by, action: 'device.deleted', target: `device:${id}` },
      ]);
      await this.#options.changed?.(tx, app, stored.users);
      return true;
    });
  }

  /** A person's devices, by id. */
  async list(
    app: string,
    user: string,
    { limit, after = '' }: { readonly limit: number; readonly after?: string | undefined },
  ) {
    const { db } = this.#options.store;
    const rows = await db
      .selectFrom('devices')
      .selectAll('devices')
      .where('devices.app', '=', app)
      .where('devices.id', 'in', (from) =>
        from
          .selectFrom('device_users')
          .select('device')
          .where('app', '=', app)
          .where('user', '=', user)
          .where('device', '>', after),
      )
      .orderBy('devices.id')
      .limit(limit)
      .execute();
    return (await withLinks(db, app, rows)).map((stored) => this.#view(stored));
  }

  async ofUsers(app: string, users: readonly string[]): Promise<ReadonlyMap<string, readonly ReachableDevice[]>> {
    const { db } = this.#options.store;
    const found = new Map<string, ReachableDevice[]>();
    const wanted = new Set(users);
    for (let start = 0; start < users.length; start += MOST_IDS) {
      const links = await db
        .selectFrom('device_users')
        .select('device')
        .distinct()
        .where('app', '=', app)
        .where('user', 'in', users.slice(start, start + MOST_IDS))
        .orderBy('device')
        .execute();
      const stored = await storedDevices(
        db,
        app,
        links.map(({ device }) => device),
      );
      for (const each of stored.toSorted((a, b) => (a.row.id < b.row.id ? -1 : 1))) {
        const device = reachable(each, this.#reading());
        for (const user of each.users)
          if (wanted.has(user) && !found.get(user)?.some(({ id }) => id === device.id))
            found.set(user, [...(found.get(user) ?? []), device]);
      }
    }
    return found;
  }

  async byIds(app: string, ids: readonly string[]): Promise<ReadonlyMap<string, ReachableDevice>> {
    const stored = await storedDevices(this.#options.store.db, app, ids);
    return new Map(stored.map((each) => [each.row.id, reachable(each, this.#reading())]));
  }

  /** A token as its provider would take it, or what is wrong with it. @param body as that of a device */
  checked(app: string, body: object): DeviceTarget | readonly FaultyField[] {
    const given = parseDevice(body);
    if (Array.isArray(given)) return given;
    const target = readTarget(this.#options.store.seal, this.#options, app, given as GivenDevice);
    return target ?? [{ path: 'token', reason: 'is missing' }];
  }

  /** The devices that have this token, of whatever kind; none for what is no token of that platform. */
  async byToken(app: string, platform: string, token: string): Promise<readonly ReachableDevice[]> {
    const { store } = this.#options;
    const target = this.checked(app, { platform, token });
    if ('length' in target) return [];
    const { token_hash } = target;
    const rows = await store.db
      .selectFrom('devices')
      .selectAll()
      .where('app', '=', app)
      .where('platform', '=', platform)
      .where('token_hash', '=', token_hash)
      .execute();
    return (await withLinks(store.db, app, rows)).map((stored) => reachable(stored, this.#reading()));
  }

  /** Suspected devices get what is about to be sent, and nothing more. @returns those of the ids that had theirs before */
  takeTries(app: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const { store, now } = this.#options;
    return store.write((tx) => takeTries(tx, app, ids, now()));
  }

  /** It was not sent after all. */
  giveTries(app: string, ids: readonly string[]): Promise<void> {
    return this.#options.store.write((tx) => noteTries(tx, app, ids, undefined));
  }

  applyVerdicts(verdicts: readonly DeviceVerdict[]): Promise<readonly string[]> {
    return this.#options.removals.apply(verdicts);
  }

  /** What a row of an import wants. @throws PeopleRefusal */
  readRow(app: string, id: string, json: unknown): ImportRow {
    const given = this.#read(json);
    const target = this.#target(app, given);
    if (!target) throw faulty([{ path: 'token', reason: 'is missing' }]);
    return { id, doc: { ...given.doc, users: given.users ?? [] }, target };
  }

  importRows({ app, by }: Pick<DeviceChange, 'app' | 'by'>, rows: readonly ImportRow[]): Promise<ImportCounts> {
    return this.#changing(app, async (tx, lost) => {
      const counts = await importRows(tx, this.#tools(), { app, by, rows });
      lost.push(
        ...openTargets(
          this.seal,
          counts.lost.map(({ row }) => row),
        ),
      );
      await this.#options.changed?.(tx, app, [...new Set(rows.flatMap(({ doc }) => doc.users))]);
      return counts;
    });
  }

  /** Notes an import; single devices that it made are not noted. */
  imported({ app, by }: Pick<DeviceChange, 'app' | 'by'>, totals: Readonly<Record<string, number>>): Promise<void> {
    const at = this.#options.now();
    const note = { app, at, by, action: 'devices.imported', target: 'devices', detail: totals };
    return this.#options.store.write((tx) => auditChanges(tx, this.#options.store.seal, [note]));
  }

  /**
   * All devices of an app in the order of their ids, in pieces, as the API shows them.
   * @param withTokens shows the tokens, for moving house; never over HTTP
   */
  all(app: string, withTokens = false): AsyncGenerator<readonly object[]> {
    const { store, providers } = this.#options;
    return allDevices({ db: store.db, reading: this.#reading(), providers }, app, withTokens);
  }

  /** That a device was heard of, by a stream or an engagement. */
  seen(app: string, id: string): Promise<void> {
    return this.#options.store.write(async (tx) => {
      const now = this.#options.now();
      await tx.updateTable('devices').set({ last_seen_at: now }).where('app', '=', app).where('id', '=', id).execute();
    });
  }

  #reading(): DeviceReading {
    const { store, now, staleAfterMs } = this.#options;
    return { seal: store.seal, now: now(), staleAfterMs };
  }

  #tools(): RegistrationTools {
    const { store, makePeople, mostDevices = MOST_DEVICES } = this.#options;
    return { ...this.#reading(), engine: store.engine, makePeople, mostDevices };
  }

  #view(stored: StoredDevice, target?: string) {
    return shownDevice(stored, this.#reading(), this.#options, target);
  }

  #read(json: unknown): GivenDevice {
    const given = parseDevice(json);
    if (Array.isArray(given)) throw faulty(given as readonly FaultyField[]);
    return given as GivenDevice;
  }

  #target(app: string, given: GivenDevice): DeviceTarget | undefined {
    const target = readTarget(this.#options.store.seal, this.#options, app, given);
    if (Array.isArray(target)) throw faulty(target as readonly FaultyField[]);
    return target as DeviceTarget | undefined;
  }

  /** The same for the same token; another one where a device with that id has got another token meanwhile. */
  async #idFor(tx: HubDb, app: string, target: DeviceTarget): Promise<string> {
    const { platform, kind, environment, token_hash } = target;
    const holder = await tx
      .selectFrom('devices')
      .select('id')
      .where('app', '=', app)
      .where('token_hash', '=', token_hash)
      .where('platform', '=', platform)
      .where('kind', '=', kind)
      .where('environment', '=', environment)
      .executeTakeFirst();
    if (holder) return holder.id;
    for (let turn = 0; ; turn++) {
      const text = JSON.stringify([platform, kind, environment, token_hash, turn]);
      const id = this.#options.store.seal.hash('device id', app, text).slice(0, ID_LENGTH);
      const other = await tx
        .selectFrom('devices')
        .select('id')
        .where('app', '=', app)
        .where('id', '=', id)
        .executeTakeFirst();
      if (!other) return id;
    }
  }

  /** @param id where it is known beforehand: the device may be written together with others that come now */
  async #write(
    change: DeviceChange,
    given: GivenDevice,
    target: DeviceTarget | undefined,
    idOf: (tx: HubDb) => Promise<string>,
    id?: string,
  ): Promise<RegisteredDevice> {
    const { app, by, person, expect, also } = change;
    const alone = (tx: HubDb): Promise<Changed<RegisteredDevice>> =>
      this.#changed(tx, app, async (lost) =>
        this.#register(tx, change, await idOf(tx), { ...given, isSeen: true, keepsOwners: false, lost }, target),
      );
    const isSimple = !also && mayName(given.users, person);
    if (id === undefined || !target || !isSimple) return this.#after(app, await this.#options.store.write(alone));
    const row = { id, doc: { ...given.doc, users: ownersAfter(given.users, undefined, person) }, target };
    const written = (stored: StoredDevice, created: boolean) => ({
      ...{ result: this.#written(stored, target, created), lost: [], asked: undefined },
    });
    return this.#after(app, await this.#together.take({ app, by, expect, row, written, alone }));
  }

  #written(stored: StoredDevice, { target }: DeviceTarget, created: boolean): RegisteredDevice {
    const facts = { created, moved: false, rotated: false, removed: [] };
    return { ...facts, device: deviceOf(stored, this.#reading()), view: this.#view(stored, target) };
  }

  async #register(
    tx: HubDb,
    change: DeviceChange,
    id: string,
    given: GivenDevice & { readonly isSeen: boolean; readonly keepsOwners: boolean; readonly lost: string[] },
    target: DeviceTarget | undefined,
  ): Promise<RegisteredDevice> {
    const { app, by, person, expect, also } = change;
    const rows = await rowsFor(tx, app, id, target);
    const { own, holder } = rows;
    if (own && !target && !isTheirs(own, person)) throw notThere();
    if (person !== undefined && target?.isGuessable && holder && !isFree(holder, person))
      throw new PeopleRefusal(
        'conflict',
        'this token can be guessed, and belongs to someone else: a back end may move it',
      );
    expect?.(own?.row.rev);
    if (!target) mustFit(own, given);
    const users = given.keepsOwners ? (own?.users ?? []) : ownersAfter(given.users, own, person);
    const registration = { app, id, doc: { ...given.doc, users }, target, by, isSeen: given.isSeen };
    const registered = await register(tx, this.#tools(), registration, rows);
    const { stored, lost, ...facts } = registered;
    given.lost.push(
      ...openTargets(
        this.seal,
        lost.map(({ row }) => row),
      ),
    );
    const result = { ...facts, device: deviceOf(stored, this.#reading()), view: this.#view(stored, target?.target) };
    await this.#options.changed?.(tx, app, usersOf(users, own, holder));
    await also?.(tx, result);
    return result;
  }

  async #changing<T>(app: string, work: (tx: HubDb, lost: string[]) => Promise<T>): Promise<T> {
    const { store } = this.#options;
    return this.#after(app, await store.write((tx) => this.#changed(tx, app, (lost) => work(tx, lost))));
  }

  /** @param work notes the targets that are someone else's now, or no one's */
  async #changed<T>(tx: HubDb, app: string, work: (lost: string[]) => Promise<T>): Promise<Changed<T>> {
    const lost: string[] = [];
    const result = await work(lost);
    const asked = lost.length > 0 ? await this.#options.withdrawing?.askDoubt(tx, app, lost) : undefined;
    return { result, lost, asked };
  }

  /** After the commit. */
  #after<T>(app: string, { result, lost, asked }: Changed<T>): T {
    if (lost.length > 0) this.#options.withdrawing?.doubt(app, lost, asked);
    this.#options.committed?.();
    return result;
  }
}

/** What a change comes to, in its transaction. */
interface Changed<T> {
  readonly result: T;
  /** Targets that are someone else's now, or no one's. */
  readonly lost: readonly string[];
  /** What other instances are asked about them by. */
  readonly asked: string | undefined;
}

/** Whose the device and its token are, and were. */
const usersOf = (users: readonly string[], ...before: readonly (StoredDevice | undefined)[]): readonly string[] => [
  ...new Set([...users, ...before.flatMap((each) => each?.users ?? [])]),
];

const isTheirs = ({ users }: StoredDevice, person: string | undefined): boolean =>
  person === undefined || users.includes(person);

const isFree = ({ users }: StoredDevice, person: string): boolean => users.length === 0 || users.includes(person);

const mayName = (named: readonly string[] | undefined, person: string | undefined): boolean =>
  person === undefined || !named?.some((user) => user !== person);

/**
 * Whose a device is after a change. A back end that says nothing signs it out. With the token of a person it is that person's; naming
 * others is refused, and signing out leaves the device to those it is shared with.
 */
function ownersAfter(
  named: readonly string[] | undefined,
  own: StoredDevice | undefined,
  person: string | undefined,
): readonly string[] {
  if (person === undefined) return named ?? [];
  if (!mayName(named, person))
    throw new PeopleRefusal('forbidden', 'the token of a person registers devices for that person alone');
  if (named === undefined || named.length > 0) return [person];
  return own?.users.filter((user) => user !== person) ?? [];
}

/** Without a token the device stays where it is. */
function mustFit(own: StoredDevice | undefined, { platform, kind, environment }: GivenDevice): void {
  if (!own) throw faulty([{ path: 'token', reason: 'is missing' }]);
  const given = { platform, kind, environment };
  const faults = (['platform', 'kind', 'environment'] as const)
    .filter((path) => given[path] !== undefined && given[path] !== own.row[path])
    .map((path) => ({ path, reason: 'can only be changed together with the token' }));
  if (faults.length > 0) throw faulty(faults);
}
