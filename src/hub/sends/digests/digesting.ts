/** Makes one notification of what a digest has collected for a person. */
import type { DecidedFact } from '../../../observe/metrics/hub-counts.ts';
import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import { isLiving } from '../../notifications/decision.ts';
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
import { type Asked, collectedIn, decidedOf, giveTo, stillMeant } from './collected.ts';
import { digestId } from './digest-id.ts';
import { type DigestItem, digestOf, openItem } from './digest-items.ts';
import { digestText } from './digest-text.ts';
import { type DigestWay, type TogetherTold, togetherTold, wayKey } from './digest-ways.ts';
import { type HeldPart, heldUntil, holdDigest } from './held-digests.ts';
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
  readonly items: readonly Row<'digest_items'>[];
  readonly ways: readonly DigestWay[];
  /** What ends as it does. */
  readonly rows: readonly DecisionRow[];
  readonly priority: Priority;
}

/** As it would leave now. */
interface Made {
  readonly notification: AcceptedNotification;
  readonly facts: Facts;
  /** UNIX milliseconds; undefined: it leaves now. */
  readonly until: number | undefined;
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
    const held: HeldPart[] = [];
    const sent: Made[] = [];
    for (const collected of digests) {
      const made = await this.#make(tx, of, collected);
      if (made.until !== undefined) held.push({ items: collected.items, until: made.until });
      else {
        await giveTo(tx, collected.rows, made.notification.id);
        sent.push(made);
      }
    }
    if (held.length > 0) all.push({ ...nothingPlaced, dueAt: await holdDigest(tx, { ...of, parts: held }) });
    for (const { notification, facts } of sent) all.push(await this.#send(tx, notification, of.user, facts));
    return placedTogether(all);
  }

  async #make(tx: HubDb, { app, user }: Collection, collected: Collected): Promise<Made> {
    const { policyOf, newId, now } = this.#options;
    const policy = policyOf(app);
    const { confidentialText } = policy;
    const whole = digestNotification(app, user, digestId(newId()), { ...collected, confidentialText }, now());
    const facts = await this.#facts(tx, app, user, channelsOf(whole, policy));
    const decide = (notification: AcceptedNotification) =>
      decideFor({ notification, facts, presence: 'offline' }, this.#parts());
    const keys = new Set(collected.ways.map(wayKey));
    const first = decide(whole);
    if (first.every((decision) => !isLiving(decision) || keys.has(wayKey(decision))))
      return { notification: whole, facts, until: heldUntil(first) };
    const devices = collected.ways.flatMap(({ device }) => device ?? []);
    const notification = { ...whole, push_to: devices };
    return { notification, facts, until: heldUntil(decide(notification)) };
  }

  #parts(): StepParts {
    const { policyOf, placing, now } = this.#options;
    return { policyOf, can: placing.can, now: now() };
  }

  /**
   * Takes the items out, all of them: one that comes later is in the next digest. Of what is not wanted any more it does not tell. Each
   * priority has a digest of its own: what may leave in quiet hours takes nothing with it that may not. So have ways by which not the
   * same is wanted.
   */
  async #collect(tx: HubDb, of: Collection): Promise<{ digests: Collected[]; changed: readonly DecidedFact[] }> {
    const items = await takeItems(tx, of);
    const { asked, ended } = await this.#ask(tx, of, [...new Set(items.map(({ notification }) => notification))]);
    const kept = asked.filter((each) => each.kept.length > 0);
    const byPriority = Map.groupBy(kept, ({ notification }) => notification.priority);
    const digests = [...byPriority].flatMap(([priority, some]) =>
      togetherTold(some).map((told) => this.#digest(of.app, priority, told, items)),
    );
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
    { ways, parts, rows }: TogetherTold,
    all: readonly Row<'digest_items'>[],
  ): Collected {
    const live = new Set(parts.map(({ notification }) => notification.id));
    const items = all.filter(({ notification }) => live.has(notification));
    return {
      ...{ priority, count: items.length, items, ways, rows },
      named: readableOf(items.slice(0, MOST_NAMED), ({ id, doc }) => openItem(this.#options.store.seal, app, id, doc)),
    };
  }

  /** What has become of each notification that was collected, and was not cancelled since; those that cannot be read end. */
  async #ask(tx: HubDb, { app, user }: Collection, ids: readonly string[]) {
    const { store, policyOf, now } = this.#options;
    const decided = Map.groupBy(await decidedOf(tx, app, user, ids), ({ notification }) => notification);
    const collected = new Map(
      [...decided].flatMap(([id, rows]) => {
        const one = collectedIn(rows);
        return one ? [[id, one] as const] : [];
      }),
    );
    const found = await findNotifications(tx, app, [...collected.keys()]);
    const docs = readableOf(found, (row) => openDoc<AcceptedNotification>(store.seal, row));
    const open = new Set(docs.map(({ id }) => id));
    const ended: DecidedFact[] = [];
    for (const { id } of found)
      if (!open.has(id)) ended.push(...(await endOpen(tx, { app, id, reason: 'unreadable', now: now() })));
    const policy = policyOf(app);
    const facts = await this.#facts(tx, app, user, new Set(docs.flatMap((doc) => [...channelsOf(doc, policy)])));
    const parts = this.#parts();
    const asked: AskedOne[] = [];
    for (const notification of docs) {
      const one = collected.get(notification.id);
      if (one) asked.push({ notification, ...(await stillMeant(tx, { notification, ...one }, facts, parts)) });
    }
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

/** Each notification once: ways whose digests have failed are in the next one each by themselves. */
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
  return [...new Map(rows.map((row) => [row.notification, row])).values()];
}

const digestNotification = (
  app: string,
  user: string,
  id: string,
  { count, named, ways, priority, confidentialText }: Collected & { readonly confidentialText: string },
  now: number,
): AcceptedNotification => ({
  ...{ app, id, created_at: now, type: 'digest', priority, mode: 'redundant' },
  channels: [...new Set(ways.map(({ channel }) => channel as Channel))].toSorted(),
  ...digestText({ count, items: named }, confidentialText),
  to: { users: [user] },
});
