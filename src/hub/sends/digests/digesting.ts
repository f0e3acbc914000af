/** Makes one notification of what a digest has collected for a person. */
import type { DecidedFact } from '../../../observe/metrics/hub-counts.ts';
import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import type { HubPolicy } from '../../notifications/policy.ts';
import type { HubDb, HubStore, Row } from '../../storage/storage.ts';
import { readableOf } from '../../storage/unreadable.ts';
import { type ClaimedDue, finishDue } from '../../timers/due-rows.ts';
import type { Channel } from '../../words/channel.ts';
import type { Priority } from '../../words/priority.ts';
import { endOpen } from '../cancelling.ts';
import { channelsOf, type Facts, factsOf } from '../facts/facts.ts';
import { nothingPlaced, type Placed, type Placing, placedTogether } from '../placing.ts';
import type { DecisionRow } from '../rows/decision-rows.ts';
import type { ListPlaces } from '../rows/list-places.ts';
import { findNotifications, insertNotifications, openDoc } from '../rows/notification-rows.ts';
import { insertRecipients } from '../rows/recipient-rows.ts';
import { decideFor, type StepParts } from '../step-people.ts';
import { firstStatus, noTotals, withPeople } from '../totals.ts';
import { type Asked, collectedOf, giveTo, stillMeant } from './collected.ts';
import { digestId } from './digest-id.ts';
import { type DigestItem, digestOf, openItem } from './digest-items.ts';
import { digestText } from './digest-text.ts';
import { heldUntil, holdDigest } from './held-digests.ts';
import type { NextDigest } from './next-digest.ts';
import { settleItems } from './settle-items.ts';

export interface DigestingOptions {
  readonly store: HubStore;
  readonly placing: Placing;
  readonly nextDigest: NextDigest;
  readonly policyOf: (app: string) => HubPolicy;
  readonly newId: () => string;
  readonly places: ListPlaces;
  readonly staleAfterMs: number;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** Items that a digest names; the count is of all. */
const MOST_NAMED = 10;

interface Collected {
  readonly count: number;
  readonly named: readonly DigestItem[];
  readonly notifications: readonly string[];
  readonly items: readonly Row<'digest_items'>[];
  readonly channels: readonly Channel[];
  readonly priority: Priority;
}

type AskedOne = Asked & { readonly notification: AcceptedNotification };

interface Collection {
  readonly app: string;
  readonly user: string;
  readonly key: string;
}

export class Digesting {
  readonly #options: DigestingOptions;

  constructor(options: DigestingOptions) {
    this.#options = options;
  }

  /** Timers of the kind DIGEST_DUE. */
  readonly run = async (rows: readonly ClaimedDue[]): Promise<void> => {
    for (const row of rows) {
      const placed = await this.#options.store.write((tx) => this.#flush(tx, row));
      this.#options.placing.deliver(placed);
    }
  };

  async #flush(tx: HubDb, row: ClaimedDue): Promise<Placed> {
    await finishDue(tx, row);
    const of = { app: row.app, ...digestOf(row.ref) };
    const { digests, changed } = await this.#collect(tx, of);
    const all: Placed[] = [{ ...nothingPlaced, changed }];
    for (const collected of digests) all.push(await this.#sendOrHold(tx, of, collected));
    return placedTogether(all);
  }

  async #sendOrHold(tx: HubDb, of: Collection, collected: Collected): Promise<Placed> {
    const { policyOf, newId, now } = this.#options;
    const { app, user } = of;
    const policy = policyOf(app);
    const { confidentialText } = policy;
    const made = digestNotification(app, user, digestId(newId()), { ...collected, confidentialText }, now());
    const facts = await this.#facts(tx, app, user, channelsOf(made, policy));
    const until = heldUntil(decideFor({ notification: made, facts, presence: 'offline' }, this.#parts()));
    if (until !== undefined) return { ...nothingPlaced, dueAt: await holdDigest(tx, { ...of, ...collected, until }) };
    await giveTo(tx, app, user, collected.notifications, made.id);
    return this.#send(tx, made, user, facts);
  }

  #parts(): StepParts {
    const { policyOf, placing, now } = this.#options;
    return { policyOf, can: placing.can, now: now() };
  }

  /**
   * Takes the items out, all of them: one that comes later is in the next digest. Of what is not wanted any more it does not tell. Each
   * priority has a digest of its own: what may leave in quiet hours takes nothing with it that may not.
   */
  async #collect(tx: HubDb, of: Collection): Promise<{ digests: Collected[]; changed: readonly DecidedFact[] }> {
    const items = await takeItems(tx, of);
    const { asked, ended } = await this.#ask(tx, of, [...new Set(items.map(({ notification }) => notification))]);
    const kept = asked.filter((each) => each.kept.length > 0);
    const byPriority = Map.groupBy(kept, ({ notification }) => notification.priority);
    const digests = [...byPriority].map(([priority, some]) => this.#digest(of.app, priority, some, items));
    await this.#takeOn(tx, of, asked);
    return { digests, changed: [...ended, ...asked.flatMap((each) => each.changed)] };
  }

  /** Whom no digest can reach now it may reach by the next one. */
  async #takeOn(tx: HubDb, { app, user }: Collection, asked: readonly AskedOne[]): Promise<void> {
    const left = new Map(asked.flatMap(({ unreached }) => unreached.map(({ row, as }) => [row, as] as const)));
    const as = (row: DecisionRow) => left.get(row) ?? row;
    await this.#options.nextDigest.take(tx, { app, user, rows: [...left.keys()], as });
  }

  #digest(
    app: string,
    priority: Priority,
    some: readonly AskedOne[],
    items: readonly Row<'digest_items'>[],
  ): Collected {
    const live = new Set(some.map(({ notification }) => notification.id));
    const told = items.filter(({ notification }) => live.has(notification));
    return {
      ...{ priority, count: told.length, notifications: [...live], items: told },
      named: readableOf(told.slice(0, MOST_NAMED), ({ id, doc }) => openItem(this.#options.store.seal, app, id, doc)),
      channels: [...new Set(some.flatMap(({ kept }) => kept.map(({ channel }) => channel as Channel)))].toSorted(),
    };
  }

  /** What has become of each notification that was collected, and was not cancelled since; those that cannot be read end. */
  async #ask(tx: HubDb, { app, user }: Collection, ids: readonly string[]) {
    const { store, policyOf, now } = this.#options;
    const rows = Map.groupBy(await collectedOf(tx, app, user, ids), ({ notification }) => notification);
    const found = await findNotifications(tx, app, [...rows.keys()]);
    const docs = readableOf(found, (row) => openDoc<AcceptedNotification>(store.seal, row));
    const open = new Set(docs.map(({ id }) => id));
    const ended: DecidedFact[] = [];
    for (const { id } of found)
      if (!open.has(id)) ended.push(...(await endOpen(tx, { app, id, reason: 'unreadable', now: now() })));
    const policy = policyOf(app);
    const facts = await this.#facts(tx, app, user, new Set(docs.flatMap((doc) => [...channelsOf(doc, policy)])));
    const parts = this.#parts();
    const asked: AskedOne[] = [];
    for (const notification of docs)
      asked.push({
        notification,
        ...(await stillMeant(tx, { notification, rows: rows.get(notification.id) ?? [] }, facts, parts)),
      });
    return { asked, ended };
  }

  async #facts(tx: HubDb, app: string, user: string, channels: ReadonlySet<Channel>): Promise<Facts> {
    const { store, policyOf, staleAfterMs, now } = this.#options;
    const parts = { db: tx, seal: store.seal, now: now(), staleAfterMs };
    return (await factsOf(parts, { app, policy: policyOf(app), channels }, [user])).get(user) as Facts;
  }

  async #send(tx: HubDb, notification: AcceptedNotification, user: string, facts: Facts): Promise<Placed> {
    const { store, placing, now, places } = this.#options;
    const { app, id } = notification;
    const placed = await placing.place(tx, [{ notification, user, facts, kept: [], presence: 'offline' }]);
    const decisions = placed.decisions[0] ?? [];
    const totals = withPeople(noTotals, [{ user, decisions }]);
    const status = firstStatus(totals, decisions);
    const begun = { notification, bodyHash: '', status, totals };
    await places.begin(tx, app);
    await insertNotifications(tx, [begun], { seal: store.seal, now: now(), places });
    await insertRecipients(tx, [
      // Its items are in the inbox already.
      { app, notification: id, user, place: places.next(app), visible_at: null, hidden: 1 },
    ]);
    const { changed } = await settleItems(tx, app, id, now(), this.#options.nextDigest);
    return { ...placed, changed: [...placed.changed, ...changed] };
  }
}

async function takeItems(tx: HubDb, { app, user, key }: Collection): Promise<Row<'digest_items'>[]> {
  const rows = await tx
    .selectFrom('digest_items')
    .selectAll()
    .where('app', '=', app)
    .where('user', '=', user)
    .where('key', '=', key)
    .orderBy('at')
    .orderBy('id')
    .execute();
  await tx.deleteFrom('digest_items').where('app', '=', app).where('user', '=', user).where('key', '=', key).execute();
  return rows;
}

const digestNotification = (
  app: string,
  user: string,
  id: string,
  { count, named, channels, priority, confidentialText }: Collected & { readonly confidentialText: string },
  now: number,
): AcceptedNotification => ({
  ...{ app, id, created_at: now, type: 'digest', priority, mode: 'redundant', channels },
  ...digestText({ count, items: named }, confidentialText),
  to: { users: [user] },
});
