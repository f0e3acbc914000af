/**
 * Takes orders that come at the same time in one work of the store: what a send asks of it is asked once for all of them, and their rows
 * are written together. An order waits for no other one: those that have come when the store gets to it go together.
 */
import { background } from '../../../kit/background.ts';
import type { HubDb } from '../../storage/storage.ts';
import { StoreUnavailable } from '../../storage/store-unavailable.ts';
import { isByName } from '../audience/audience.ts';
import { findNotifications } from '../rows/notification-rows.ts';
import type { DecidingParts } from './deciding.ts';
import { type AcceptedSend, replayOf, type SendOrder } from './send-order.ts';
import { type Fresh, type TakenFresh, takeFresh } from './taking.ts';

export interface GivenOrder extends Omit<Fresh, 'bodyHash'> {
  readonly order: SendOrder;
}

interface Waiting extends GivenOrder {
  readonly resolve: (accepted: AcceptedSend) => void;
  readonly reject: (error: unknown) => void;
}

export interface TogetherOptions extends DecidingParts {
  /** After the commit. */
  readonly taken: (app: string, taken: TakenFresh) => void;
}

/** Orders of one work. */
const MOST = 64;
/** People of an order that goes together with others. */
const MOST_PEOPLE = 8;

/** What an order is for alone, without what only its own people have to do with. */
function isSmall({ doc: { to, collapse_key: key, digest } }: SendOrder): boolean {
  const { users = [] } = to;
  return isByName(to) && users.length <= MOST_PEOPLE && key === undefined && digest === undefined;
}

export class Together {
  readonly #options: TogetherOptions;
  readonly #waiting: Waiting[] = [];
  /** A work was given that has not begun. */
  #isAsked = false;

  constructor(options: TogetherOptions) {
    this.#options = options;
  }

  /** @throws RefusedSend when the id was used for another body */
  take(given: GivenOrder): Promise<AcceptedSend> {
    const { promise, resolve, reject } = Promise.withResolvers<AcceptedSend>();
    const { order, notification, presence } = given;
    const waiting = { order, notification, presence, resolve, reject };
    if (isSmall(given.order)) {
      this.#waiting.push(waiting);
      this.#ask();
    } else background(this.#work(() => [waiting]));
    return promise;
  }

  #ask(): void {
    if (this.#isAsked || this.#waiting.length === 0) return;
    this.#isAsked = true;
    background(
      this.#work(() => {
        this.#isAsked = false;
        const some = next(this.#waiting);
        this.#ask();
        return some;
      }),
    );
  }

  /** @param pick is asked once, when the store gets to it */
  async #work(pick: () => readonly Waiting[]): Promise<void> {
    const { store, taken } = this.#options;
    let picked: readonly Waiting[] | undefined;
    const writing = store.write(async (tx) => {
      picked ??= pick();
      return takeAll(tx, this.#options, picked);
    });
    const done = await writing.catch((error: unknown) => this.#failed(picked ?? pick(), error));
    if (!done) return;
    try {
      taken(done.app, done.fresh);
    } finally {
      // It is in the store: whatever fails after that, who has sent it hears so.
      for (const [index, result] of done.results.entries()) settle(picked?.[index], result);
    }
  }

  /** Of many one may have been the reason. What a store that is away has kept or not is not to be tried again. */
  #failed(failed: readonly Waiting[], error: unknown): undefined {
    const isOfOne = failed.length > 1 && !(error instanceof StoreUnavailable);
    for (const each of failed)
      if (isOfOne) background(this.#work(() => [each]));
      else each.reject(error);
  }
}

/** Takes out the first that can go together: of one app, of which no two have the same id or the same person. */
function next(waiting: Waiting[]): Waiting[] {
  const app = waiting[0]?.order.app;
  const ids = new Set<string>();
  const people = new Set<string>();
  const some: Waiting[] = [];
  const left: Waiting[] = [];
  for (const one of waiting) {
    if (some.length === MOST) break;
    const { id, to } = one.notification;
    const users = to.users ?? [];
    if (one.order.app === app && !ids.has(id) && !users.some((user) => people.has(user))) {
      ids.add(id);
      for (const user of users) people.add(user);
      some.push(one);
    } else left.push(one);
  }
  waiting.splice(0, some.length + left.length, ...left);
  return some;
}

type Result = { readonly accepted: AcceptedSend } | { readonly error: unknown };

function settle(waiting: Waiting | undefined, result: Result): void {
  if ('error' in result) waiting?.reject(result.error);
  else waiting?.resolve(result.accepted);
}

interface TakenAll {
  readonly app: string;
  /** By place in what was given. */
  readonly results: readonly Result[];
  /** Of those that are new. */
  readonly fresh: TakenFresh;
}

/** In one transaction. @throws what `keep` of an order throws */
async function takeAll(tx: HubDb, parts: DecidingParts, given: readonly GivenOrder[]): Promise<TakenAll> {
  const app = given[0]?.order.app ?? '';
  const before = await replays(tx, app, given);
  const some = given.filter(({ notification: { id } }) => !before.has(id));
  const asked = some.map((one) => ({ ...one, bodyHash: one.order.bodyHash }));
  const fresh = await takeFresh(tx, parts, app, asked);
  const results = new Map(before);
  for (const [index, { answer }] of fresh.each.entries()) {
    const { order } = some[index] as GivenOrder;
    const accepted = { answer, isReplay: false };
    await order.keep?.(tx, accepted);
    results.set(answer.id, { accepted });
  }
  return { app, results: given.map(({ notification: { id } }) => results.get(id) as Result), fresh };
}

/** Those that had been taken before. */
async function replays(tx: HubDb, app: string, given: readonly GivenOrder[]): Promise<ReadonlyMap<string, Result>> {
  const named = new Map(
    given.filter(({ order }) => order.doc.id !== undefined).map(({ order, notification: { id } }) => [id, order]),
  );
  const found = new Map<string, Result>();
  for (const row of await findNotifications(tx, app, [...named.keys()])) {
    try {
      found.set(row.id, { accepted: replayOf(row, named.get(row.id)?.bodyHash ?? '') });
    } catch (error) {
      found.set(row.id, { error });
    }
  }
  return found;
}
