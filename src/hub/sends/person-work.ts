/** Does what is due for people: waits that have ended, what was held, what is decided again. */
import type { DecidedFact } from '../../observe/metrics/hub-counts.ts';
import type { AcceptedNotification, PresenceState } from '../notifications/decide-input.ts';
import { isMeantByDevices } from '../notifications/meant-by-devices.ts';
import type { HubPolicy } from '../notifications/policy.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import { readableOf } from '../storage/unreadable.ts';
import { type ClaimedDue, finishAllDue } from '../timers/due-rows.ts';
import type { Channel } from '../words/channel.ts';
import type { PresenceOf } from './accepting/send-order.ts';
import { endOpen } from './cancelling.ts';
import { isDigest } from './digests/digest-id.ts';
import { type DroppingParts, dropOver } from './digests/drop-over.ts';
import type { NextDigest } from './digests/next-digest.ts';
import { settleItems } from './digests/settle-items.ts';
import { channelsOf, factsOf } from './facts/facts.ts';
import { personOf } from './person-due.ts';
import type { Placed, Placing } from './placing.ts';
import { AGAIN } from './replan.ts';
import { type DecisionRow, decisionsOf } from './rows/decision-rows.ts';
import { findNotifications, openDoc } from './rows/notification-rows.ts';
import { recipientRows } from './rows/recipient-rows.ts';
import { mayBeDone, settleStatuses } from './settle-status.ts';
import type { PersonAt } from './step-people.ts';
import { showWhenDue } from './views/show-when-due.ts';

export interface PersonWorkOptions {
  readonly store: HubStore;
  readonly placing: Placing;
  readonly nextDigest: NextDigest;
  readonly presenceOf: PresenceOf;
  readonly policyOf: (app: string) => HubPolicy;
  readonly newId: () => string;
  readonly staleAfterMs: number;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** Rows a transaction. */
const AT_ONCE = 200;

/** One person of one notification, whose plan is looked at. */
export interface Looked extends Pick<ClaimedDue, 'data'>, Pick<PersonAt, 'isTimerEnded'> {
  readonly notification: string;
  readonly user: string;
}

type Row = ClaimedDue & Looked;

/** What who asks for a step has seen to. */
interface Known {
  /** All of these people, by person and hop. */
  readonly decisions?: readonly DecisionRow[];
  /** The transaction is not serializable, and those decisions are locked. */
  readonly lock?: boolean;
}

type Presence = ReadonlyMap<string, PresenceState>;

export class PersonWork {
  readonly #options: PersonWorkOptions;

  constructor(options: PersonWorkOptions) {
    this.#options = options;
  }

  /** Timers of the kind PERSON_DUE. */
  readonly run = async (claimed: readonly ClaimedDue[]): Promise<void> => {
    const rows = claimed.map((row): Row => ({ ...row, ...personOf(row.ref), isTimerEnded: true }));
    for (const [app, own] of Map.groupBy(rows, (row) => row.app))
      for (let at = 0; at < own.length; at += AT_ONCE) await this.#some(app, own.slice(at, at + AT_ONCE));
  };

  async #some(app: string, rows: readonly Row[]): Promise<void> {
    const { store, placing, presenceOf } = this.#options;
    const presence = await presenceOf(app, [...new Set(rows.map(({ user }) => user))]);
    const placed = await store.write(async (tx) => {
      await finishAllDue(tx, rows);
      return this.timed(tx, app, rows, presence);
    });
    placing.deliver(placed);
  }

  /** A step for people whose timers were ended in this transaction. */
  async timed(tx: HubDb, app: string, rows: readonly Looked[], presence: Presence): Promise<Placed> {
    const result = await this.step(tx, app, rows, presence);
    // What has just left is open: what becomes of it says when the notification is done.
    const left = new Set(result.handed.map(({ held }) => held.notification));
    const ended = rows.filter(({ notification }) => !left.has(notification));
    await settleStatuses(tx, app, await mayBeDone(tx, app, ended), this.#options.now());
    return result;
  }

  /** Decides about them, and takes what is due of their plans a step on: in one transaction. */
  async step(tx: HubDb, app: string, rows: readonly Looked[], presence: Presence, known: Known = {}): Promise<Placed> {
    const { placing, nextDigest, now } = this.#options;
    const digests = new Set(rows.map(({ notification }) => notification).filter(isDigest));
    const items: DecidedFact[] = [];
    let digestAt: number | undefined;
    for (const id of digests) {
      const dropped = await dropOver(tx, this.#dropping(tx, known), app, id);
      items.push(...dropped.changed);
      digestAt = dropped.dueAt ?? digestAt;
    }
    const { people, spoilt } = await this.#people(tx, app, rows, presence, known);
    const placed = await placing.place(tx, people);
    const ended: DecidedFact[] = [];
    for (const id of spoilt) ended.push(...(await endOpen(tx, { app, id, reason: 'unreadable', now: now() })));
    await showWhenDue(tx, people, placed.decisions, now());
    for (const id of digests) items.push(...(await settleItems(tx, app, id, now(), nextDigest)).changed);
    const dueAt = digestAt ?? placed.dueAt;
    return { ...placed, dueAt, changed: [...placed.changed, ...ended, ...items] };
  }

  #dropping(tx: HubDb, known: Known): DroppingParts {
    const { store, policyOf, placing, newId, now } = this.#options;
    const factsOfOne: DroppingParts['factsOf'] = async (app, user, channels) =>
      (await this.#facts(tx, app, [user], channels, known)).get(user);
    return { seal: store.seal, policyOf, can: placing.can, newId, now: now(), factsOf: factsOfOne };
  }

  #facts(tx: HubDb, app: string, users: readonly string[], channels: ReadonlySet<Channel>, { lock }: Known) {
    const { store, policyOf, staleAfterMs, now } = this.#options;
    const parts = { db: tx, seal: store.seal, now: now(), staleAfterMs, lock: lock === true };
    return factsOf(parts, { app, policy: policyOf(app), channels }, users);
  }

  async #decisions(tx: HubDb, app: string, ids: readonly string[], users: readonly string[]): Promise<DecisionRow[]> {
    const all: DecisionRow[] = [];
    for (const id of ids) all.push(...(await decisionsOf(tx, app, id, users)));
    return all;
  }

  /** Those who are still there, of notifications that are; and the notifications that cannot be read. */
  async #people(tx: HubDb, app: string, rows: readonly Looked[], presence: Presence, known: Known) {
    const { store, policyOf } = this.#options;
    const ids = [...new Set(rows.map(({ notification }) => notification))];
    const users = [...new Set(rows.map(({ user }) => user))];
    const found = await findNotifications(tx, app, ids);
    const opened = readableOf(found, (row) => ({ row, doc: openDoc<AcceptedNotification>(store.seal, row) }));
    const docs = new Map(opened.map((each) => [each.row.id, each] as const));
    const recipients = byPerson(await recipientRows(tx, app, ids, users), ([row]) => row);
    const kept = byPerson(known.decisions ?? (await this.#decisions(tx, app, ids, users)), (own) => own);
    const policy = policyOf(app);
    const channels = new Set<Channel>([...docs.values()].flatMap(({ doc }) => [...channelsOf(doc, policy)]));
    const facts = await this.#facts(tx, app, users, channels, known);
    const people = rows.flatMap(({ notification: id, user, data, isTimerEnded = false }): PersonAt[] => {
      const opened = docs.get(id);
      const recipient = recipients(id, user);
      const own = facts.get(user);
      if (!opened || !recipient || !own) return [];
      const { row, doc } = opened;
      const before = kept(id, user) ?? [];
      return [
        {
          ...{ notification: doc, user, facts: own, recipient, kept: before },
          presence: presence.get(user) ?? 'offline',
          only: isMeantByDevices(doc, user) ? devicesIn(before) : undefined,
          ended: row.status === 'cancelled' ? 'cancelled' : ((row.ended ?? undefined) as PersonAt['ended']),
          again: data === AGAIN,
          isTimerEnded,
        },
      ];
    });
    // What is due for a person at one time leaves in the order in which it came.
    people.sort((a, b) => (a.recipient?.place ?? 0) - (b.recipient?.place ?? 0));
    return { people, spoilt: found.map(({ id }) => id).filter((id) => !docs.has(id)) };
  }
}

/** Rows by notification and person. @param of what is wanted of one person's */
function byPerson<R extends { readonly notification: string; readonly user: string }, T>(
  rows: readonly R[],
  of: (own: [R, ...R[]]) => T,
): (notification: string, user: string) => T | undefined {
  const all = new Map<string, Map<string, [R, ...R[]]>>();
  for (const row of rows) {
    const own = all.get(row.notification) ?? new Map<string, [R, ...R[]]>();
    all.set(row.notification, own);
    const some = own.get(row.user);
    if (some) some.push(row);
    else own.set(row.user, [row]);
  }
  return (notification, user) => {
    const own = all.get(notification)?.get(user);
    return own && of(own);
  };
}

const devicesIn = (kept: readonly { readonly device: string }[]): string[] =>
  kept.map(({ device }) => device).filter((device) => device !== '');
