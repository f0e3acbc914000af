/**
 * What people do with what they were sent: a push came in, was opened, swiped away, or one of its buttons pressed. Each is recorded
 * once, and marks the notification: `received` as acknowledged, `dismissed` as seen, `opened` as read, `action` as acted on.
 */
import { RollNotes } from '../../analytics/roll-notes.ts';
import type { HubDb, HubStore, NewRow, Row } from '../../storage/storage.ts';
import type { HubEvents } from '../hub-events.ts';
import type { Marked, Marking } from '../marking.ts';
import { type Mark, type MarkedDecision, noteDelivered } from '../marks.ts';
import type { EngagementDoc, EngagementEvent } from './engagement-doc.ts';
import {
  type EngagedFacts,
  engagedDevices,
  engagedRecipients,
  engagementKey,
  knownEngagements,
  noteHeard,
  pairOf,
} from './engagement-rows.ts';

export interface EngagementsOptions {
  readonly store: HubStore;
  readonly marking: Marking;
  readonly events?: Pick<HubEvents, 'engaged'> | undefined;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

export interface EngagementOrder {
  readonly app: string;
  readonly engagements: readonly EngagementDoc[];
  /** Whose token it is; undefined: a back end. */
  readonly person: string | undefined;
  /** Done in the same transaction. */
  readonly keep?: ((tx: HubDb, counted: CountedEngagements) => Promise<void>) | undefined;
}

export interface CountedEngagements {
  readonly recorded: number;
  /** Known already, about what was not sent to that person, or by a device of another one. */
  readonly ignored: number;
}

/** Of one person about one notification: what tells more is a fault, or an attack. */
const MOST_KEPT = 100;

const MARKS: Readonly<Record<EngagementEvent, Mark>> = {
  received: 'acked',
  dismissed: 'seen',
  opened: 'read',
  action: 'acted',
};

/** The mark that implies the others comes first. */
const ORDER: readonly Mark[] = ['acted', 'read', 'seen', 'acked'];

type NewEngagement = NewRow<'engagements'> & { readonly event: EngagementEvent };

export class Engagements {
  readonly #options: EngagementsOptions;

  constructor(options: EngagementsOptions) {
    this.#options = options;
  }

  async record({ app, engagements, person, keep }: EngagementOrder): Promise<CountedEngagements> {
    const { store, marking } = this.#options;
    const { counted, marked, done } = await store.write(async (tx) => {
      const { rows, recipients } = await this.#rows(tx, app, engagements, person);
      const { fresh, known } = await this.#fresh(tx, app, rows);
      if (fresh.length > 0) await tx.insertInto('engagements').values(fresh).execute();
      await noteEngaged(tx, fresh, known);
      const all = await this.#mark(tx, app, fresh, recipients);
      const heard = new Set(rows.map(({ device }) => device).filter((device) => device !== ''));
      await noteHeard(tx, app, [...heard], this.#options.now());
      const result = { recorded: fresh.length, ignored: engagements.length - fresh.length };
      await keep?.(tx, result);
      return { counted: result, marked: all, done: fresh };
    });
    this.#options.events?.engaged?.(done);
    for (const each of marked) marking.deliver(each);
    return counted;
  }

  /** Those that are about something that was sent to whom they are of. */
  async #rows(tx: HubDb, app: string, given: readonly EngagementDoc[], person: string | undefined) {
    const notifications = [...new Set(given.map(({ notification }) => notification))];
    const named = [...new Set(given.flatMap(({ device }) => device ?? []))];
    const devices = await engagedDevices(tx, app, named);
    const owners = [...devices.values()].flatMap(({ users }) => users);
    const users = [
      ...new Set([...given.flatMap(({ user }) => user ?? []), ...(person === undefined ? owners : [person])]),
    ];
    const facts: EngagedFacts = { ...(await engagedRecipients(tx, app, { notifications, users })), devices };
    const rows = given.flatMap((each) => this.#row(app, each, person, facts));
    return { rows, recipients: facts.recipients };
  }

  #row(
    app: string,
    { notification, user: named, device: deviceId = '', event, action = '', at }: EngagementDoc,
    person: string | undefined,
    { notifications, recipients, devices }: EngagedFacts,
  ): NewEngagement[] {
    const about = notifications.get(notification);
    const device = devices.get(deviceId);
    const isTo = (each: string): boolean => recipients.has(pairOf(notification, each));
    const user = named ?? person ?? device?.users.find(isTo);
    if (!about || user === undefined || !isTo(user)) return [];
    if (device && !device.users.includes(user)) return [];
    const now = this.#options.now();
    return [
      {
        ...{ app, notification, user, event, action, type: about.type },
        // A clock of a phone may be wrong: nothing was opened before it was sent, or is yet to be.
        at: Math.min(Math.max(at ?? now, about.created_at), now),
        // A device that is gone says nothing any more.
        ...(device ? { device: deviceId, channel: 'push', platform: device.platform } : NO_DEVICE),
      },
    ];
  }

  /** Those that are not known yet, each once. */
  async #fresh(tx: HubDb, app: string, rows: readonly NewEngagement[]) {
    const notifications = [...new Set(rows.map(({ notification }) => notification))];
    const users = [...new Set(rows.map(({ user }) => user))];
    const known = await knownEngagements(tx, app, { notifications, users });
    const keys = new Set(known.map(engagementKey));
    const counts = new Map<string, number>();
    for (const { notification, user } of known) count(counts, pairOf(notification, user));
    const fresh = rows.filter((row) => {
      const pair = pairOf(row.notification, row.user);
      if (keys.has(engagementKey(row)) || (counts.get(pair) ?? 0) >= MOST_KEPT) return false;
      keys.add(engagementKey(row));
      count(counts, pair);
      return true;
    });
    return { fresh, known };
  }

  async #mark(
    tx: HubDb,
    app: string,
    fresh: readonly NewEngagement[],
    recipients: ReadonlyMap<string, Row<'recipients'>>,
  ): Promise<Marked[]> {
    const { marking, now } = this.#options;
    const arrived: NewEngagement[] = [];
    const delivered: MarkedDecision[] = [];
    for (const each of fresh) {
      const changed = await noteDelivered(tx, { app, user: each.user }, each, now());
      if (changed.length > 0) arrived.push(each);
      delivered.push(...changed);
    }
    const marked: Marked[] = [{ notifications: [], changed: delivered, placed: [] }];
    for (const mark of ORDER) {
      const some = fresh.filter(({ event }) => MARKS[event] === mark);
      for (const own of Map.groupBy(some, ({ user, device }) => JSON.stringify([user, device])).values()) {
        // The device that tells of it shows it no more.
        const [{ user, device }] = own as [NewEngagement];
        const ids = new Set(own.map(({ notification }) => notification));
        const rows = [...ids].map((id) => recipients.get(pairOf(id, user))).filter((row) => row !== undefined);
        marked.push(await marking.mark(tx, { app, user }, rows, mark, device === '' ? {} : { device }));
      }
    }
    for (const [user, own] of Map.groupBy(arrived, (each) => each.user)) {
      const ids = [...new Set(own.map(({ notification }) => notification))];
      marked.push(await marking.goOn(tx, { app, user }, ids));
    }
    return marked;
  }
}

const COUNTED = { opened: 'opened', dismissed: 'dismissed', action: 'acted' } as const;

/** Each thing once for each person and device: who presses two buttons has acted once. */
async function noteEngaged(
  tx: HubDb,
  fresh: readonly NewEngagement[],
  known: readonly Pick<Row<'engagements'>, 'notification' | 'user' | 'device' | 'event'>[],
): Promise<void> {
  const keyOf = ({ notification, user, device, event }: (typeof known)[number]): string =>
    JSON.stringify([notification, user, device, event]);
  const seen = new Set(known.map(keyOf));
  const notes = new RollNotes();
  for (const each of fresh) {
    if (each.event === 'received' || seen.has(keyOf(each))) continue;
    seen.add(keyOf(each));
    notes.engaged(each, COUNTED[each.event]);
  }
  await notes.write(tx);
}

const NO_DEVICE = { device: '', channel: '', platform: '' };

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
