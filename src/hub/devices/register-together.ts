/**
 * Registers devices that come at the same time in one work of the store, as far as they are new and meet nothing: neither a device or
 * token that is there, nor one another, nor a person with very many. What is asked of the store is asked once for all of them, and their
 * rows are written together. A device that meets something is registered alone, by the rules that a move, a rotation and a full person
 * have. None waits for another: those that have come when the store gets to it go together.
 */
import { background } from '../../kit/background.ts';
import { RefusedError } from '../../kit/refusal.ts';
import { type ActorName, auditChanges } from '../storage/audit.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import type { StoredDevice } from './device-rows.ts';
import { type ImportRow, insertFresh, untouched } from './import-rows.ts';
import type { RegistrationTools } from './register-device.ts';

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
  /** Throws where a new device is not wanted. */
  readonly expect: ((rev: number | undefined) => void) | undefined;
  /** Of one that is new, and was written with others. */
  fresh(stored: StoredDevice): Done;
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
    const fresh = picked.filter((each) => isFresh(each.row) && isWanted(each, refusals));
    const made = fresh.length > 0 ? await this.#insert(tx, tools, app, fresh) : new Map<Waiting<Done>, StoredDevice>();
    return picked.map((each): Result<Done> => {
      const stored = made.get(each);
      if (stored) return { done: each.fresh(stored) };
      return refusals.has(each) ? { error: refusals.get(each) } : undefined;
    });
  }

  async #insert(
    tx: HubDb,
    tools: RegistrationTools,
    app: string,
    fresh: readonly Waiting<Done>[],
  ): Promise<ReadonlyMap<Waiting<Done>, StoredDevice>> {
    const stored = await insertFresh(tx, tools, app, rowsOf(fresh));
    const audited = fresh.map(({ by, row: { id } }) => ({
      ...{ app, at: tools.now, by, action: 'device.created', target: `device:${id}` },
    }));
    await auditChanges(tx, tools.seal, audited);
    await this.#options.changed?.(tx, app, [...new Set(fresh.flatMap(({ row: { doc } }) => doc.users))]);
    return new Map(fresh.map((each, index) => [each, stored[index] as StoredDevice]));
  }
}

const isAway = (error: unknown): boolean => error instanceof RefusedError && error.kind === 'unavailable';

const rowsOf = (some: readonly Pick<Waiting<unknown>, 'row'>[]): ImportRow[] => some.map(({ row }) => row);

function isWanted<Done>(waiting: Waiting<Done>, refusals: Map<Waiting<Done>, unknown>): boolean {
  try {
    waiting.expect?.(undefined);
    return true;
  } catch (error) {
    refusals.set(waiting, error);
    return false;
  }
}
