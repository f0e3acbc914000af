/**
 * Marks what people have done with notifications, and ends what that makes needless: what is read is sent by no other way any more; what
 * is acknowledged or seen ends what is held of it, and the waits that are for that.
 */

import type { DecidedFact } from '../../observe/metrics/hub-counts.ts';
import type { HubPolicy } from '../notifications/policy.ts';
import type { HubDb } from '../storage/storage.ts';
import { clearDue } from '../timers/due-rows.ts';
import { noteClear } from './clearing/clear-due.ts';
import type { HubEvents } from './hub-events.ts';
import { cancelOpen, type Mark, type MarkOwner, markRows, noteReached, type RecipientRow, waitingOf } from './marks.ts';
import { personDue } from './person-due.ts';
import type { PersonWork } from './person-work.ts';
import type { Placed, Placing } from './placing.ts';
import { OPEN_STATES } from './rows/decision-rows.ts';
import { settleStatuses } from './settle-status.ts';

/** How a mark was made. */
export interface MarkOptions {
  /** The other devices that show what is read take it away; default: as the app is set (`hub.clear_on_read`). */
  readonly clear?: boolean | undefined;
  /** Where it was read. */
  readonly device?: string | undefined;
}

export interface MarkingOptions {
  readonly people: Pick<PersonWork, 'step'>;
  readonly placing: Pick<Placing, 'deliver'>;
  readonly policyOf: (app: string) => Pick<HubPolicy, 'clearOnRead'>;
  readonly nudge: (at: number) => void;
  /** A person's inbox has other counts than before. */
  readonly inboxChanged?: ((owner: MarkOwner) => void) | undefined;
  readonly events?: Pick<HubEvents, 'decided'> | undefined;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** What marks have brought about, to be gone on with after the commit. */
export interface Marked {
  /** Notifications that were not marked so before. */
  readonly notifications: readonly string[];
  readonly changed: readonly DecidedFact[];
  readonly placed: readonly Placed[];
  /** Whose inbox has other counts now. */
  readonly inbox?: MarkOwner | undefined;
  /** When notices are cleared on other devices. */
  readonly clearAt?: number | undefined;
}

export class Marking {
  readonly #options: MarkingOptions;

  constructor(options: MarkingOptions) {
    this.#options = options;
  }

  /** In one transaction. @param rows of the owner */
  async mark(
    tx: HubDb,
    owner: MarkOwner,
    rows: readonly RecipientRow[],
    mark: Mark,
    { clear, device }: MarkOptions = {},
  ): Promise<Marked> {
    const { app, user } = owner;
    const now = this.#options.now();
    const notifications = await markRows(tx, owner, rows, mark, now);
    if (notifications.length === 0) return { notifications, changed: [], placed: [] };
    const reached = await noteReached(tx, owner, notifications, mark, now);
    const isRead = mark === 'read' || mark === 'acted';
    const ending = isRead ? { reason: 'read', states: OPEN_STATES } : { reason: 'acked', states: ['deferred'] };
    const cancelled = await cancelOpen(tx, owner, notifications, { ...ending, now });
    const ended = [...new Set(cancelled.map(({ notification }) => notification))];
    const waiting = isRead ? [] : await waitingOf(tx, owner, notifications);
    const over = ended.filter((id) => !waiting.includes(id));
    await clearDue(
      tx,
      over.map((id) => personDue(app, id, user)),
    );
    const placed = await this.#step(tx, owner, waiting);
    await settleStatuses(tx, app, new Set([...ended, ...waiting]), now);
    const isCleared = isRead && (clear ?? this.#options.policyOf(app).clearOnRead);
    const unread = new Set(rows.filter((row) => row.read_at === null).map(({ notification }) => notification));
    const newlyRead = notifications.filter((id) => unread.has(id));
    const clearAt = isCleared ? await noteClear(tx, owner, { notifications: newlyRead, device }, now) : undefined;
    const inbox = mark === 'acked' ? undefined : owner;
    return { notifications, changed: [...reached, ...cancelled], placed, inbox, clearAt };
  }

  /** What is known of pushes to a person is more than before: their plans are looked at, in one transaction. */
  async goOn(tx: HubDb, owner: MarkOwner, notifications: readonly string[]): Promise<Marked> {
    const waiting = await waitingOf(tx, owner, notifications);
    const placed = await this.#step(tx, owner, waiting);
    await settleStatuses(tx, owner.app, notifications, this.#options.now());
    return { notifications: [], changed: [], placed };
  }

  /** Who tells of something is there: what waits for that person goes on waiting. */
  async #step(tx: HubDb, { app, user }: MarkOwner, notifications: readonly string[]): Promise<Placed[]> {
    if (notifications.length === 0) return [];
    const asked = notifications.map((notification) => ({ notification, user, data: '' }));
    return [await this.#options.people.step(tx, app, asked, new Map([[user, 'active']]))];
  }

  /** After the commit. */
  deliver({ changed, placed, inbox, clearAt }: Marked): void {
    const { placing, nudge, events, inboxChanged } = this.#options;
    if (inbox) inboxChanged?.(inbox);
    events?.decided?.(changed);
    for (const each of placed) placing.deliver(each);
    if (clearAt !== undefined) nudge(clearAt);
  }
}
