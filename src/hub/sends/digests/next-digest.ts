/** What a digest could not bring to its person is in the next one, and ends with the reason after the third. */
import type { DecidedFact } from '../../../observe/metrics/hub-counts.ts';
import { RollNotes } from '../../analytics/roll-notes.ts';
import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import { type DecisionDetail, isUnreachable } from '../../notifications/decision.ts';
import { isSenders, zonesOf } from '../../notifications/gate.ts';
import type { HubPolicy } from '../../notifications/policy.ts';
import { waiting } from '../../settings/settings.ts';
import type { HubDb, HubSeal, HubStore, Row } from '../../storage/storage.ts';
import { readable } from '../../storage/unreadable.ts';
import { supersededIn } from '../collapse.ts';
import { type Facts, factsOf } from '../facts/facts.ts';
import { isMarked, type RecipientRow } from '../marks.ts';
import { type DecisionRow, endDecision, isAt, SUPERSEDED, WAITS } from '../rows/decision-rows.ts';
import { findNotifications, openDoc } from '../rows/notification-rows.ts';
import { recipientRows } from '../rows/recipient-rows.ts';
import { settleStatuses } from '../settle-status.ts';
import { digestDue, digestEnd, takeIntoDigests } from './digest-items.ts';

export interface NextDigestOptions {
  readonly store: HubStore;
  readonly policyOf: (app: string) => HubPolicy;
  readonly newId: () => string;
  readonly staleAfterMs: number;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** Digests that an item is in at most. */
const MOST_DIGESTS = 3;

/** Where settings collect nothing any more. */
const LATER_MS = 3_600_000;

/** How something ends. */
export interface How {
  readonly state: string;
  readonly reason?: string | null | undefined;
}

/** It has ended without a provider that took it, and not because it was not wanted. */
export const isUndelivered = ({ state, reason }: How): boolean =>
  state === 'failed' ||
  (state === 'expired' && reason === 'expired') ||
  ((state === 'suppressed' || state === 'cancelled') && isUnreachable(reason ?? ''));

/** Whether an item may be in one digest more. Its attempts are the digests that could not bring it. */
export const mayComeAgain = ({ attempts }: Pick<DecisionRow, 'attempts'>): boolean => attempts + 1 < MOST_DIGESTS;

/** Items of one person that no digest has brought, and how they end where there is no next one. */
export interface Undelivered {
  readonly app: string;
  readonly user: string;
  readonly rows: readonly DecisionRow[];
  readonly as: (row: DecisionRow) => How;
}

interface Again {
  readonly notification: AcceptedNotification;
  readonly rows: readonly DecisionRow[];
}

/** The digest that has collected it. */
export const digestOfRow = ({ detail }: DecisionRow): string =>
  (JSON.parse(detail ?? '{}') as DecisionDetail).digest ?? 'digested';

export class NextDigest {
  readonly #options: NextDigestOptions;

  constructor(options: NextDigestOptions) {
    this.#options = options;
  }

  /** In the transaction in which the digest has failed. @returns what has ended */
  async take(tx: HubDb, { app, user, rows, as }: Undelivered): Promise<readonly DecidedFact[]> {
    if (rows.length === 0) return [];
    const { store } = this.#options;
    const own = Map.groupBy(rows, ({ notification }) => notification);
    const { found, over: allOver } = await foundOf(tx, { app, user, notifications: [...own.keys()] });
    const again: Again[] = [];
    const changed: DecidedFact[] = [];
    const notes = new RollNotes();
    for (const [id, some] of own) {
      const row = found.get(id);
      const over = allOver.get(id);
      const mayGo = over || !row ? [] : some.filter(mayComeAgain);
      const notification =
        row && mayGo.length > 0 ? readable(() => openDoc<AcceptedNotification>(store.seal, row)) : undefined;
      const going = notification ? mayGo : [];
      if (notification) again.push({ notification, rows: going });
      for (const each of some)
        if (!going.includes(each)) changed.push(await this.#end(tx, each, over ?? as(each), notes));
    }
    await notes.write(tx);
    const going = new Set(again.map(({ notification }) => notification.id));
    const ended = [...own.keys()].filter((id) => !going.has(id));
    await settleStatuses(tx, app, ended, this.#options.now());
    await this.#collect(tx, app, user, again);
    return changed;
  }

  async #end(tx: HubDb, row: DecisionRow, { state, reason = null }: How, notes: RollNotes): Promise<DecidedFact> {
    notes.moved(row, row, { state, reason });
    await endDecision(tx, row, { state, reason }, this.#options.now());
    return { app: row.app, channel: row.channel, state, reason };
  }

  async #collect(tx: HubDb, app: string, user: string, again: readonly Again[]): Promise<void> {
    if (again.length === 0) return;
    const { store, newId, now } = this.#options;
    const facts = await this.#facts(tx, app, user);
    const byKey = Map.groupBy(
      again.flatMap(({ notification, rows }) => rows.map((row) => ({ notification, row }))),
      ({ row }) => digestOfRow(row),
    );
    for (const [key, some] of byKey) {
      const [{ notification: first }] = some as [(typeof some)[0]];
      const begun = await digestEnd(tx, digestDue(app, user, key));
      const until = begun ?? this.#nextEnd(key, first, facts);
      for (const { row } of some)
        await tx
          .updateTable('decisions')
          .set({
            ...{ state: 'deferred', reason: 'digested', at: now(), until, attempts: row.attempts + 1 },
            due_row: WAITS,
          })
          .where(isAt(row))
          .execute();
      const items = some.map(({ notification }) => ({ notification, user, key, until, again: false }));
      await takeIntoDigests(tx, { seal: store.seal, newId }, items);
    }
  }

  /** A window from now on, or the next time that the person's settings say. */
  #nextEnd(key: string, notification: AcceptedNotification, facts: Facts): number {
    const { policyOf, now } = this.#options;
    if (isSenders(key)) return now() + Math.round((notification.digest?.window ?? 0) * 1000);
    const zones = zonesOf({ devices: facts.devices, person: facts.person, policy: policyOf(notification.app) });
    return waiting(facts.settings, notification, { zones, now: now() })?.until ?? now() + LATER_MS;
  }

  async #facts(tx: HubDb, app: string, user: string): Promise<Facts> {
    const { store, policyOf, staleAfterMs, now } = this.#options;
    const parts = { db: tx, seal: store.seal, now: now(), staleAfterMs };
    const asked = { app, policy: policyOf(app), channels: new Set<never>() };
    return (await factsOf(parts, asked, [user])).get(user) as Facts;
  }
}

interface OfPerson {
  readonly app: string;
  readonly user: string;
  readonly notifications: readonly string[];
}

/** Notifications, by id, and which of them are not to come to the person any more, for whatever reason but their time. */
async function foundOf(tx: HubDb, { app, user, notifications }: OfPerson) {
  const found = new Map((await findNotifications(tx, app, notifications)).map((row) => [row.id, row]));
  const recipients = await recipientRows(tx, app, notifications, [user]);
  const marked = new Map(recipients.map((row) => [row.notification, row]));
  const over = new Map<string, How>();
  for (const [id, row] of found) {
    const how = overBy(row, marked.get(id)) ?? (await supersededFor(tx, row, user));
    if (how) over.set(id, how);
  }
  return { found, over };
}

/** What is not to come to a person any more, for it was marked, cancelled or superseded, or has expired; and what else there is. */
export async function overAmong(
  tx: HubDb,
  { seal, now }: { readonly seal: HubSeal; readonly now: number },
  of: OfPerson,
): Promise<{ readonly over: Map<string, How>; readonly left: readonly AcceptedNotification[] }> {
  const { found, over } = await foundOf(tx, of);
  const left: AcceptedNotification[] = [];
  for (const [id, row] of found) {
    const doc = over.has(id) ? undefined : readable(() => openDoc<AcceptedNotification>(seal, row));
    if (doc?.expires_at !== undefined && Date.parse(doc.expires_at) <= now)
      over.set(id, { state: 'expired', reason: 'expired' });
    else if (doc) left.push(doc);
  }
  return { over, left };
}

/** Why it is not to come any more, whatever became of the digest; undefined: it may. */
function overBy({ status, ended }: Row<'notifications'>, marked: RecipientRow | undefined): How | undefined {
  const reason = status === 'cancelled' ? 'cancelled' : (ended ?? (marked && endedByMark(marked)));
  return reason === undefined ? undefined : { state: 'cancelled', reason };
}

/** As marks end what is held. */
function endedByMark(row: RecipientRow): string | undefined {
  if (isMarked(row, 'read')) return 'read';
  return isMarked(row, 'acked') ? 'acked' : undefined;
}

/** A later one has taken its place while the digest that had it was under way; undefined: none has. */
async function supersededFor(
  tx: HubDb,
  { app, id, collapse_key: key }: Row<'notifications'>,
  user: string,
): Promise<How | undefined> {
  const isSuperseded = key !== null && (await supersededIn(tx, { app, id, key }, [user])).has(user);
  return isSuperseded ? { state: 'cancelled', reason: SUPERSEDED } : undefined;
}
