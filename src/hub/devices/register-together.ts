/**
 * Registers devices that come at the same time in one work of the store: those that say nothing new, and those that are new and meet
 * nothing, neither a device or token that is there, nor one another, nor a person with very many. What is asked of the store is asked once
 * for all of them, and their rows are written together. A device that meets something is registered alone, by the rules that a move, a
 * rotation and a full person have. None waits for another: those that have come when the store gets to it go together.
 */
import { background } from '../../kit/background.ts';
import { RefusedError } from '../../kit/refusal.ts';
import { type ActorName, auditChanges } from '../storage/audit.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import { type StoredDevice, storedDevices } from './device-rows.ts';
import { type ImportRow, insertFresh, untouched } from './import-rows.ts';
import { isRepeated, noteRepeated, type RegistrationTools } from './register-device.ts';

export interface RegisterTogetherOptions {
  readonly store: Pick<HubStore, 'write'>;
  readonly tools: () => RegistrationTools;
  /** People have other devices: in the transaction. */
  readonly changed: ((tx: HubDb, app: string, users: readonly string[]) => Promise<void>) | undefined;
}

/** @template Done what a registration comes to */
export interface GivenRegistration<Done> {
  readonly app: string;
  readonly by: ActorName;
  readonly row: ImportRow;
  /** Throws where a change of the device in this version is not wanted; undefined: it is not there. */
  readonly expect: ((rev: number | undefined) => void) | undefined;
  /** Of one that was written with others. @param created it is new */
  written(stored: StoredDevice, created: boolean): Done;
  /** Registers it by all rules. */
  alone(tx: HubDb): Promise<Done>;
}

interface Waiting<Done> extends GivenRegistration<Done> {
  readonly resolve: (done: Done | Promise<Done>) => void;
  readonly reject: (error: unknown) => void;
}

/** Undefined: it is to be registered alone. */
type Result<Done> = { readonly done: Done } | { readonly error: unknown } | undefined;

/** Devices of one work. */
const MOST = 64;

export class RegisterTogether<Done> {
  readonly #options: RegisterTogetherOptions;
  readonly #waiting: Waiting<Done>[] = [];
  /** A work was given that has not begun. */
  #isAsked = false;

  constructor(options: RegisterTogetherOptions) {
    this.#options = options;
  }

  /** @throws what `expect` and `alone` throw; what a store that is away throws */
  take(given: GivenRegistration<Done>): Promise<Done> {
    const { promise, resolve, reject } = Promise.withResolvers<Done>();
    this.#waiting.push({ ...given, resolve, reject });
    this.#ask();
    return promise;
  }

  #ask(): void {
    if (this.#isAsked || this.#waiting.length === 0) return;
    this.#isAsked = true;
    background(this.#work());
  }

  /** The first of those that wait, of one app. */
  #pick(): readonly Waiting<Done>[] {
    this.#isAsked = false;
    const app = this.#waiting[0]?.app;
    const other = this.#waiting.findIndex((each) => each.app !== app);
    const some = this.#waiting.splice(0, Math.min(MOST, other < 0 ? MOST : other));
    this.#ask();
    return some;
  }

  async #work(): Promise<void> {
    let picked: readonly Waiting<Done>[] | undefined;
    const { store } = this.#options;
    const writing = store.write((tx) => {
      picked ??= this.#pick();
      return this.#registerAll(tx, picked);
    });
    const results = await writing.catch((error: unknown): Result<Done>[] => {
      picked ??= this.#pick();
      // Of many one may have been the reason. What a store that is away has kept or not is not to be tried again.
      const isOfOne = picked.length > 1 && !isAway(error);
      return picked.map(() => (isOfOne ? undefined : { error }));
    });
    for (const [index, { alone, resolve, reject }] of picked?.entries() ?? []) {
      const result = results[index];
      if (!result) resolve(store.write(alone));
      else if ('error' in result) reject(result.error);
      else resolve(result.done);
    }
  }

  async #registerAll(tx: HubDb, picked: readonly Waiting<Done>[]): Promise<Result<Done>[]> {
    const [one, ...others] = picked;
    if (!one) return [];
    if (others.length === 0) return [{ done: await one.alone(tx) }];
    const { app } = one;
    const tools = this.#options.tools();
    const isFresh = await untouched(tx, app, tools.mostDevices, rowsOf(picked));
    const refusals = new Map<Waiting<Done>, unknown>();
    const { true: fresh = [], false: met = [] } = Object.groupBy(picked, ({ row }) =>
      isFresh(row) ? 'true' : 'false',
    );
    const made = await this.#insert(
      tx,
      tools,
      app,
      fresh.filter((each) => isWanted(each, undefined, refusals)),
    );
    const known = await this.#refresh(tx, tools, app, met, refusals);
    const users = [...made, ...known].flatMap(([{ row }]) => row.doc.users);
    if (users.length > 0) await this.#options.changed?.(tx, app, [...new Set(users)]);
    return picked.map((each): Result<Done> => {
      const stored = made.get(each) ?? known.get(each);
      if (stored) return { done: each.written(stored, made.has(each)) };
      return refusals.has(each) ? { error: refusals.get(each) } : undefined;
    });
  }

  /** Those that say nothing new, of each device the first. */
  async #refresh(
    tx: HubDb,
    tools: RegistrationTools,
    app: string,
    met: readonly Waiting<Done>[],
    refusals: Map<Waiting<Done>, unknown>,
  ): Promise<ReadonlyMap<Waiting<Done>, StoredDevice>> {
    const first = [...new Map(met.toReversed().map((each) => [each.row.id, each])).values()];
    const stored = await storedDevices(
      tx,
      app,
      first.map(({ row }) => row.id),
    );
    const byId = new Map(stored.map((each) => [each.row.id, each]));
    const repeated = first.filter((each) => {
      const own = byId.get(each.row.id);
      return own && isRepeated(tools.seal, own, each.row) && isWanted(each, own.row.rev, refusals);
    });
    if (repeated.length === 0) return new Map();
    await tools.makePeople(tx, app, [...new Set(repeated.flatMap(({ row }) => row.doc.users))], tools.now);
    const before = repeated.map(({ row }) => byId.get(row.id) as StoredDevice);
    const heard = await noteRepeated(tx, { app, now: tools.now }, before);
    return new Map(repeated.map((each, index) => [each, heard[index] as StoredDevice]));
  }

  async #insert(
    tx: HubDb,
    tools: RegistrationTools,
    app: string,
    fresh: readonly Waiting<Done>[],
  ): Promise<ReadonlyMap<Waiting<Done>, StoredDevice>> {
    if (fresh.length === 0) return new Map();
    const stored = await insertFresh(tx, tools, app, rowsOf(fresh));
    const audited = fresh.map(({ by, row: { id } }) => ({
      ...{ app, at: tools.now, by, action: 'device.created', target: `device:${id}` },
    }));
    await auditChanges(tx, tools.seal, audited);
    return new Map(fresh.map((each, index) => [each, stored[index] as StoredDevice]));
  }
}

const isAway = (error: unknown): boolean => error instanceof RefusedError && error.kind === 'unavailable';

const rowsOf = (some: readonly Pick<Waiting<unknown>, 'row'>[]): ImportRow[] => some.map(({ row }) => row);

function isWanted<Done>(
  waiting: Waiting<Done>,
  rev: number | undefined,
  refusals: Map<Waiting<Done>, unknown>,
): boolean {
  try {
    waiting.expect?.(rev);
    return true;
  } catch (error) {
    refusals.set(waiting, error);
    return false;
  }
}
