/** Makes one notification of what a digest has collected for a person. */

import type { DecidedFact } from '../../../observe/metrics/hub-counts.ts';
import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import { type HopDecision, isLiving } from '../../notifications/decision.ts';
import type { HubPolicy } from '../../notifications/policy.ts';
import type { HubDb, HubSeal, HubStore, Row } from '../../storage/storage.ts';
import { type ClaimedDue, finishDue } from '../../timers/due-rows.ts';
import { channelsOf, factsOf } from '../facts/facts.ts';
import { settleDigest } from '../following.ts';
import { nothingPlaced, type Placed, type Placing } from '../placing.ts';
import { insertNotifications } from '../rows/notification-rows.ts';
import { insertRecipients } from '../rows/recipient-rows.ts';
import { firstStatus, isOver, noTotals, withPeople } from '../totals.ts';
import { collectedOf, expireCollected, giveTo } from './collected.ts';
import { digestId } from './digest-id.ts';
import { type DigestItem, digestOf, openItem } from './digest-items.ts';

export interface DigestingOptions {
  readonly store: HubStore;
  readonly placing: Placing;
  readonly policyOf: (app: string) => HubPolicy;
  readonly newId: () => string;
  readonly newPlace: () => number;
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
  readonly channels: AcceptedNotification['channels'];
}

interface Flush {
  readonly app: string;
  readonly user: string;
  readonly key: string;
  /** UNIX milliseconds. */
  readonly now: number;
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
    const { store, newId, now } = this.#options;
    await finishDue(tx, row);
    const { app } = row;
    const { user, key } = digestOf(row.ref);
    const { collected, expired } = await collect(tx, store.seal, { app, user, key, now: now() });
    if (!collected) return { ...nothingPlaced, changed: expired };
    const id = digestId(newId());
    await giveTo(tx, app, user, collected.notifications, id);
    const placed = await this.#send(tx, digestNotification(app, user, id, collected, now()), user);
    return { ...placed, changed: [...expired, ...placed.changed] };
  }

  async #send(tx: HubDb, notification: AcceptedNotification, user: string): Promise<Placed> {
    const { store, placing, policyOf, staleAfterMs, now, newPlace } = this.#options;
    const { app, id } = notification;
    const policy = policyOf(app);
    const asked = { app, policy, channels: channelsOf(notification, policy) };
    const facts = await factsOf({ db: tx, seal: store.seal, now: now(), staleAfterMs }, asked, [user]);
    const own = facts.get(user) as NonNullable<ReturnType<typeof facts.get>>;
    const placed = await placing.place(tx, [{ notification, user, facts: own, kept: [], presence: 'offline' }]);
    const decisions = placed.decisions[0] ?? [];
    const totals = withPeople(noTotals, [{ user, decisions }]);
    const status = firstStatus(totals, decisions);
    const begun = { notification, bodyHash: '', status, totals };
    await insertNotifications(tx, [begun], { seal: store.seal, now: now() });
    await insertRecipients(tx, [
      // Its items are in the inbox already.
      { app, notification: id, user, place: newPlace(), visible_at: null, hidden: 1 },
    ]);
    if (!isOver(status)) return placed;
    const items = await this.#settle(tx, app, id, user, decisions);
    return { ...placed, changed: [...placed.changed, ...items] };
  }

  /** Nothing of it leaves: the items end as it did. */
  async #settle(
    tx: HubDb,
    app: string,
    digest: string,
    user: string,
    decisions: readonly HopDecision[],
  ): Promise<readonly DecidedFact[]> {
    const last = decisions.findLast((decision) => !isLiving(decision));
    if (!last) return [];
    const { state, reason = null } = last;
    return settleDigest(tx, { app, digest, user, state, reason, at: this.#options.now() });
  }
}

/** Takes the items out, all of them: one that comes later is in the next digest. Those that are over meanwhile are not told. */
async function collect(
  tx: HubDb,
  seal: HubSeal,
  { app, user, key, now }: Flush,
): Promise<{ readonly collected?: Collected; readonly expired: readonly DecidedFact[] }> {
  const rows: Row<'digest_items'>[] = await tx
    .selectFrom('digest_items')
    .selectAll()
    .where('app', '=', app)
    .where('user', '=', user)
    .where('key', '=', key)
    .orderBy('at')
    .orderBy('id')
    .execute();
  if (rows.length === 0) return { expired: [] };
  await tx.deleteFrom('digest_items').where('app', '=', app).where('user', '=', user).where('key', '=', key).execute();
  const notifications = [...new Set(rows.map(({ notification }) => notification))];
  const expired = await expireCollected(tx, app, user, notifications, now);
  const held = await collectedOf(tx, app, user, notifications);
  const live = new Set(held.map(({ notification }) => notification));
  const told = rows.filter(({ notification }) => live.has(notification));
  // All of them were cancelled meanwhile: there is nothing to tell.
  if (told.length === 0) return { expired };
  const collected = {
    count: told.length,
    named: told.slice(0, MOST_NAMED).map(({ id, doc }) => openItem(seal, app, id, doc)),
    notifications: [...live],
    channels: [...new Set(held.map(({ channel }) => channel))].toSorted() as unknown as Collected['channels'],
  };
  return { collected, expired };
}

const digestNotification = (
  app: string,
  user: string,
  id: string,
  { count, named, channels }: Collected,
  now: number,
): AcceptedNotification => ({
  ...{ app, id, created_at: now, type: 'digest', priority: 'medium', mode: 'redundant' },
  ...(channels ? { channels } : {}),
  title: count === 1 ? '1 notification' : `${count} notifications`,
  message: named
    .map(({ title, message, type }) => title ?? message ?? type)
    .concat(count > named.length ? [`and ${count - named.length} more`] : [])
    .join('\n'),
  data: { count, items: named.map((item) => ({ ...item })) },
  to: { users: [user] },
});
