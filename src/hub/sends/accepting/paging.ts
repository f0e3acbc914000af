/** Notifications to very many: those who were not decided about before the answer are, a page at a time, by a timer of the notification. */
import type { AcceptedNotification, PresenceState } from '../../notifications/decide-input.ts';
import type { HubDb } from '../../storage/storage.ts';
import { readable } from '../../storage/unreadable.ts';
import { type ClaimedDue, finishDue, setDue } from '../../timers/due-rows.ts';
import { audienceOf } from '../audience/audience.ts';
import { audiencePage } from '../audience/audience-page.ts';
import { withoutErased } from '../audience/without-erased.ts';
import { endOpen } from '../cancelling.ts';
import { channelsOf } from '../facts/facts.ts';
import type { HubEvents } from '../hub-events.ts';
import type { HandedBatches } from '../outcomes/handed-batches.ts';
import { PAGE_DUE } from '../person-due.ts';
import { nothingPlaced } from '../placing.ts';
import { findNotification, openDoc, setStatus, setTotals } from '../rows/notification-rows.ts';
import { settleStatuses } from '../settle-status.ts';
import { countOutcomes, type RecipientTotals, withPeople } from '../totals.ts';
import { type DecidingParts, decidePeople } from './deciding.ts';
import { pageFor } from './page-size.ts';
import type { PresenceOf } from './send-order.ts';

export interface PagingOptions extends DecidingParts {
  readonly batches: HandedBatches;
  readonly presenceOf: PresenceOf;
  readonly events?: HubEvents | undefined;
  readonly nudge: (at: number) => void;
}

/** Pushes under way above which the next page waits. */
const MOST_UNDER_WAY = 20_000;
const WAIT_MS = 50;

export class Paging {
  readonly #options: PagingOptions;

  constructor(options: PagingOptions) {
    this.#options = options;
  }

  /** Does the next pages of notifications to many (timers of the kind PAGE_DUE). */
  readonly run = async (rows: readonly ClaimedDue[]): Promise<void> => {
    for (const row of rows) await this.#page(row);
  };

  async #page(row: ClaimedDue): Promise<void> {
    const { store, placing, batches, now, nudge, events } = this.#options;
    if (batches.size > MOST_UNDER_WAY) {
      await this.#putOff(row);
      return;
    }
    const presence = await this.#presence(row);
    const decided = await store.write(async (tx) => {
      await finishDue(tx, row);
      return this.#next(tx, row, presence);
    });
    if (decided) {
      placing.deliver(decided.placed);
      events?.counted?.({ app: row.app, outcomes: countOutcomes(decided.people) });
    }
    nudge(now());
  }

  async #putOff(row: ClaimedDue): Promise<void> {
    const { store, now, nudge } = this.#options;
    const at = now() + WAIT_MS;
    await store.write(async (tx) => {
      await finishDue(tx, row);
      await setDue(tx, [{ ...row, at }]);
    });
    nudge(at);
  }

  /** Who of the page is present, if that matters: asked before the transaction, which waits for nothing else. */
  async #presence({ app, ref: id, data: after }: ClaimedDue): Promise<ReadonlyMap<string, PresenceState>> {
    const { store, presenceOf, policyOf, page } = this.#options;
    const known = await findNotification(store.db, app, id);
    const peek = known && readable(() => openDoc<AcceptedNotification>(store.seal, known));
    if (!peek || !channelsOf(peek, policyOf(app)).has('realtime')) return new Map();
    return presenceOf(app, async () => {
      const { people } = await audiencePage(store.db, app, audienceOf(peek), after, pageFor(peek, page));
      return people.map(({ user }) => user);
    });
  }

  async #next(tx: HubDb, { app, ref: id, data: after }: ClaimedDue, presence: ReadonlyMap<string, PresenceState>) {
    const { store, now, page } = this.#options;
    const row = await findNotification(tx, app, id);
    if (!row || row.status === 'cancelled' || row.ended !== null) return undefined;
    const notification = readable(() => openDoc<AcceptedNotification>(store.seal, row));
    if (!notification) {
      const changed = await endOpen(tx, { app, id, reason: 'unreadable', now: now() });
      return { placed: { ...nothingPlaced, changed }, people: [] };
    }
    const { people: some, next } = await audiencePage(
      tx,
      app,
      audienceOf(notification),
      after,
      pageFor(notification, page),
    );
    const there = await withoutErased(tx, store.seal, row, some);
    const { placed, each } = await decidePeople(tx, this.#options, app, [
      { notification, people: there, presence, isLaterPage: true },
    ]);
    const [people = []] = each;
    const totals = withPeople(subtracted(JSON.parse(row.totals) as RecipientTotals, some.length), people);
    const all = next === undefined ? withoutUndecided(totals) : undecidedLess(totals, some.length);
    await setTotals(tx, app, id, all);
    if (next !== undefined) await setDue(tx, [{ app, kind: PAGE_DUE, ref: id, at: now(), data: next }]);
    else if (all.queued + all.held === 0) await setStatus(tx, app, id, 'unreachable', now());
    // What the pages before it sent may have ended already.
    else await settleStatuses(tx, app, [id], now());
    return { placed, people };
  }
}

/** People who were counted in the total before they were looked at. */
const subtracted = (totals: RecipientTotals, count: number): RecipientTotals => ({
  ...totals,
  total: totals.total - count,
});

/** Everyone was looked at; those who went away meanwhile are not counted. */
const withoutUndecided = ({ undecided: _, ...totals }: RecipientTotals): RecipientTotals => {
  const { queued, held, suppressed, no_channel, unknown } = totals;
  return { ...totals, total: queued + held + suppressed + no_channel + unknown };
};

const undecidedLess = (totals: RecipientTotals, count: number): RecipientTotals => ({
  ...totals,
  undecided: Math.max(0, (totals.undecided ?? 0) - count),
});
