/**
 * Takes notifications: in one transaction the notification, its people, their decisions and timers. Up to INLINE people are decided
 * about before the answer, the others a page at a time behind it, by a timer of the notification.
 */
import type { AcceptedNotification, PresenceState } from '../notifications/decide-input.ts';
import type { NotificationDoc } from '../notifications/notification-doc.ts';
import type { HubPolicy } from '../notifications/policy.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import { type ClaimedDue, finishDue, setDue } from '../timers/due-rows.ts';
import { type Addressee, audienceOf } from './audience/audience.ts';
import { audiencePage, unknownOf } from './audience/audience-page.ts';
import { audienceSize } from './audience/audience-size.ts';
import { collapse } from './collapse.ts';
import { channelsOf, factsOf } from './facts/facts.ts';
import type { HubEvents } from './hub-events.ts';
import type { HandedBatches } from './outcomes/handed-batches.ts';
import { PAGE_DUE } from './person-due.ts';
import type { Placed, Placing } from './placing.ts';
import { RefusedSend } from './refused-send.ts';
import { findNotification, insertNotification, openDoc, setStatus } from './rows/notification-rows.ts';
import { insertRecipients } from './rows/recipient-rows.ts';
import { settleStatuses } from './settle-status.ts';
import type { PersonAt } from './step-people.ts';
import {
  countOutcomes,
  firstStatus,
  noTotals,
  type OutcomeCounts,
  type RecipientTotals,
  withPeople,
  withUndecided,
  withUnknown,
} from './totals.ts';

/** What a caller is answered. */
export interface SendAnswer {
  readonly id: string;
  readonly status: string;
  readonly recipients: RecipientTotals;
}

export interface AcceptedSend {
  readonly answer: SendAnswer;
  /** It had been taken before: nothing was done now. */
  readonly isReplay: boolean;
}

/** What a transaction has taken, and what is to be done after its commit. */
export interface TakenSend {
  readonly app: string;
  readonly answer: SendAnswer;
  readonly placed: Placed;
  /** Further people are decided about behind the answer. */
  readonly pages: boolean;
  readonly outcomes: OutcomeCounts;
}

export interface SendOrder {
  readonly app: string;
  readonly doc: NotificationDoc;
  /** SHA-256 of the body: the same id with another one is a conflict. */
  readonly bodyHash: string;
  /** Done in the same transaction. */
  readonly keep?: ((tx: HubDb, accepted: AcceptedSend) => Promise<void>) | undefined;
}

/** Who is present, by person; who is absent is offline. */
export type PresenceOf = (app: string, users: readonly string[]) => Promise<ReadonlyMap<string, PresenceState>>;

export interface AcceptingOptions {
  readonly store: HubStore;
  readonly placing: Placing;
  readonly batches: HandedBatches;
  readonly presenceOf: PresenceOf;
  readonly policyOf: (app: string) => HubPolicy;
  /** Places in inboxes; they rise. */
  readonly newPlace: () => number;
  readonly newId: () => string;
  readonly events?: HubEvents | undefined;
  readonly staleAfterMs: number;
  /** UNIX milliseconds. */
  readonly now: () => number;
  readonly nudge: (at: number) => void;
}

/** People that are decided about before the answer. */
const INLINE = 500;
/** A page of the others. */
const PAGE = 500;
/** Pushes under way above which the next page waits. */
const MOST_UNDER_WAY = 20_000;
const WAIT_MS = 50;

/** Reasons for which a notification is not even in the inbox. */
const HIDDEN = new Set([
  'user_disabled',
  'type_disabled',
  'severity_filtered',
  'status_filtered',
  'duplicate',
  'unknown_user',
]);

/** A page of people who were decided about. */
interface Decided {
  readonly placed: Placed;
  readonly totals: RecipientTotals;
  readonly decisions: Placed['decisions'][number];
  /** Of this page. */
  readonly outcomes: OutcomeCounts;
}

export class Accepting {
  readonly #options: AcceptingOptions;

  constructor(options: AcceptingOptions) {
    this.#options = options;
  }

  /** @throws RefusedSend when the id was used for another body */
  async accept({ app, doc, bodyHash, keep }: SendOrder): Promise<AcceptedSend> {
    const { store, newId, now } = this.#options;
    const id = doc.id ?? newId();
    const presence = await this.#presence(app, doc);
    const { accepted, first } = await store.write(async (tx) => {
      const before = doc.id === undefined ? undefined : await findNotification(tx, app, id);
      if (before) return { accepted: replayOf(before, bodyHash), first: undefined };
      const notification: AcceptedNotification = { ...doc, id, app, created_at: now() };
      const taken = await this.take(tx, notification, bodyHash, presence);
      const result = { answer: taken.answer, isReplay: false };
      await keep?.(tx, result);
      return { accepted: result, first: taken };
    });
    if (first) this.deliver(first);
    return accepted;
  }

  /** What a transaction of the caller's has taken leaves: to be called after its commit. */
  deliver({ app, placed, pages, outcomes }: TakenSend): void {
    const { placing, nudge, now } = this.#options;
    placing.deliver(placed);
    this.#counted(app, outcomes);
    if (pages) nudge(now());
  }

  /** Does the next pages of notifications to many (timers of the kind PAGE_DUE). */
  readonly pages = async (rows: readonly ClaimedDue[]): Promise<void> => {
    for (const row of rows) await this.#page(row);
  };

  async #presence(app: string, doc: NotificationDoc): Promise<ReadonlyMap<string, PresenceState>> {
    const { presenceOf, policyOf } = this.#options;
    const users = doc.to.users ?? [];
    const asks = channelsOf(doc, policyOf(app)).has('realtime');
    return asks && users.length <= INLINE ? presenceOf(app, users) : new Map();
  }

  /** Takes a notification that is not there yet, in a transaction of the caller's. */
  async take(
    tx: HubDb,
    notification: AcceptedNotification,
    bodyHash: string,
    presence: ReadonlyMap<string, PresenceState>,
  ): Promise<TakenSend> {
    const { store, now } = this.#options;
    const { app, id } = notification;
    const to = audienceOf(notification);
    const { people, next } = await audiencePage(tx, app, to, '', INLINE);
    const unknown = await unknownOf(tx, app, to);
    const { placed, totals: known, decisions, outcomes } = await this.#decide(tx, notification, people, presence);
    const counted = withUnknown(known, unknown);
    const left = next === undefined ? 0 : (await audienceSize(tx, app, to)) - people.length;
    const totals = withUndecided(counted, left);
    const status = firstStatus(totals, decisions);
    await insertNotification(tx, notification, { seal: store.seal, bodyHash, status, totals, now: now() });
    if (next !== undefined) await setDue(tx, [{ app, kind: PAGE_DUE, ref: id, at: now(), data: next }]);
    return {
      app,
      answer: { id, status, recipients: totals },
      ...{ placed, pages: next !== undefined, outcomes: { ...outcomes, unknown: unknown.length } },
    };
  }

  async #page(row: ClaimedDue): Promise<void> {
    const { store, placing, batches, now, nudge, presenceOf, policyOf } = this.#options;
    const { app, ref: id, data: after } = row;
    if (batches.size > MOST_UNDER_WAY) {
      await store.write(async (tx) => {
        await finishDue(tx, row);
        await setDue(tx, [{ ...row, at: now() + WAIT_MS }]);
      });
      nudge(now() + WAIT_MS);
      return;
    }
    const known = await findNotification(store.db, app, id);
    const peek = known && openDoc<AcceptedNotification>(store.seal, known);
    const asks = peek !== undefined && channelsOf(peek, policyOf(app)).has('realtime');
    const expected = asks ? await audiencePage(store.db, app, audienceOf(peek), after, PAGE) : undefined;
    const presence = expected
      ? await presenceOf(
          app,
          expected.people.map(({ user }) => user),
        )
      : new Map();
    const decided = await store.write(async (tx) => {
      await finishDue(tx, row);
      const notification = await findNotification(tx, app, id);
      if (!notification || notification.status === 'cancelled' || notification.ended !== null) return undefined;
      const doc = openDoc<AcceptedNotification>(store.seal, notification);
      const { people, next } = await audiencePage(tx, app, audienceOf(doc), after, PAGE);
      const some = await this.#decide(tx, doc, people, presence, notification.totals);
      const { totals } = some;
      const all: RecipientTotals = next === undefined ? withoutUndecided(totals) : undecidedLess(totals, people.length);
      await tx
        .updateTable('notifications')
        .set({ totals: JSON.stringify(all) })
        .where('app', '=', app)
        .where('id', '=', id)
        .execute();
      if (next !== undefined) await setDue(tx, [{ app, kind: PAGE_DUE, ref: id, at: now(), data: next }]);
      else if (all.queued + all.held === 0) await setStatus(tx, app, id, 'unreachable', now());
      // What the pages before it sent may have ended already.
      else await settleStatuses(tx, app, [id], now());
      return some;
    });
    if (decided) {
      placing.deliver(decided.placed);
      this.#counted(app, decided.outcomes);
    }
    nudge(now());
  }

  #counted(app: string, outcomes: OutcomeCounts): void {
    this.#options.events?.counted?.({ app, outcomes });
  }

  async #decide(
    tx: HubDb,
    notification: AcceptedNotification,
    people: readonly Addressee[],
    presence: ReadonlyMap<string, PresenceState>,
    before?: string,
  ): Promise<Decided> {
    const { store, placing, policyOf, staleAfterMs, now, newPlace } = this.#options;
    const { app, id } = notification;
    const users = people.map(({ user }) => user);
    const collapsed = await collapse(tx, notification, users, now());
    const policy = policyOf(app);
    const asked = { app, policy, channels: channelsOf(notification, policy) };
    const facts = await factsOf({ db: tx, seal: store.seal, now: now(), staleAfterMs }, asked, users);
    const at = people.map(
      ({ user, only }): PersonAt => ({
        ...{ notification, user, only, kept: [], presence: presence.get(user) ?? 'offline' },
        facts: facts.get(user) as PersonAt['facts'],
      }),
    );
    const placed = await placing.place(tx, at);
    await insertRecipients(
      tx,
      users.map((user, index) => ({
        ...{ app, notification: id, user, place: newPlace(), ...shownAs(placed.decisions[index] ?? []) },
      })),
    );
    const decided = users.map((user, index) => ({ user, decisions: placed.decisions[index] ?? [] }));
    const totals = withPeople(
      before === undefined ? noTotals : subtracted(JSON.parse(before) as RecipientTotals, people.length),
      decided,
    );
    return {
      placed: { ...placed, changed: [...collapsed, ...placed.changed] },
      ...{ totals, decisions: placed.decisions.flat(), outcomes: countOutcomes(decided) },
    };
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

/** Where a person sees it: not in the inbox when it is switched off, and from its time on when it is scheduled. */
function shownAs(decisions: Placed['decisions'][number]): { hidden: number; visible_at: number | null } {
  const hidden = decisions.length > 0 && decisions.every(({ reason }) => HIDDEN.has(reason ?? ''));
  const scheduled = decisions.find(({ reason }) => reason === 'scheduled')?.until;
  return { hidden: hidden ? 1 : 0, visible_at: scheduled ?? null };
}

function replayOf(
  before: { readonly id: string; readonly body_hash: string; readonly status: string; readonly totals: string },
  bodyHash: string,
): AcceptedSend {
  if (before.body_hash !== bodyHash)
    throw new RefusedSend('conflict', 'id: there is another notification with this id');
  const { id, status, totals } = before;
  return { answer: { id, status, recipients: JSON.parse(totals) as RecipientTotals }, isReplay: true };
}
