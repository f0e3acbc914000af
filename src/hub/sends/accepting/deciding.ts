/** Decides for the first time about people of notifications: writes their decisions and what they see in their inboxes. */

import type { DecidedFact } from '../../../observe/metrics/hub-counts.ts';
import type { AcceptedNotification, PresenceState } from '../../notifications/decide-input.ts';
import type { HopDecision } from '../../notifications/decision.ts';
import type { HubPolicy } from '../../notifications/policy.ts';
import { countsChanges } from '../../storage/prepared.ts';
import type { HubDb, HubStore } from '../../storage/storage.ts';
import { rangeOf } from '../../words/user-range.ts';
import type { Addressee } from '../audience/audience.ts';
import { collapse } from '../collapse.ts';
import { channelsOf, type Facts, factsOf } from '../facts/facts.ts';
import type { Placed, Placing } from '../placing.ts';
import type { ListPlaces } from '../rows/list-places.ts';
import { insertRecipients, type NewRecipient } from '../rows/recipient-rows.ts';
import type { PersonAt } from '../step-people.ts';
import { isHidden, scheduledFor } from '../views/show-when-due.ts';

export interface DecidingParts {
  readonly store: HubStore;
  readonly placing: Placing;
  readonly policyOf: (app: string) => HubPolicy;
  readonly places: ListPlaces;
  readonly staleAfterMs: number;
  /** People that are decided about before the answer, and in each transaction behind it. */
  readonly page: number;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** People of one notification, none of whom was decided about. */
export interface PeopleOf {
  readonly notification: AcceptedNotification;
  readonly people: readonly Addressee[];
  readonly presence: ReadonlyMap<string, PresenceState>;
  /** They are of a page behind the answer. */
  readonly isLaterPage?: boolean;
}

/** What was decided about a person. */
export interface DecidedPerson {
  readonly user: string;
  readonly decisions: readonly HopDecision[];
}

export interface Decided {
  readonly placed: Placed;
  /** By place in what was asked. */
  readonly each: readonly (readonly DecidedPerson[])[];
}

/** What it depends on, for people of some notifications of one app. */
export function factsFor(
  tx: HubDb,
  { store, policyOf, staleAfterMs, now }: DecidingParts,
  app: string,
  {
    notifications,
    users,
  }: { readonly notifications: readonly AcceptedNotification[]; readonly users: readonly string[] },
): Promise<ReadonlyMap<string, Facts>> {
  const policy = policyOf(app);
  const channels = new Set(notifications.flatMap((notification) => [...channelsOf(notification, policy)]));
  const range = isPageOfAll(tx, notifications) ? rangeOf(users) : undefined;
  const parts = { db: tx, seal: store.seal, now: now(), staleAfterMs };
  return factsOf(parts, { app, policy, channels, range }, users);
}

/** Pages of everyone are people who follow one another. How PostgreSQL would find those depends on what it has counted: it is given names. */
const isPageOfAll = (tx: HubDb, [one, ...others]: readonly AcceptedNotification[]): boolean =>
  countsChanges(tx) && others.length === 0 && one?.to.everyone === true;

/**
 * In one transaction, about notifications of one app. What is decided about one of them does not depend on the others.
 * @param known by `factsFor`, in this transaction; default: it is asked for
 */
export async function decidePeople(
  tx: HubDb,
  parts: DecidingParts,
  app: string,
  asked: readonly PeopleOf[],
  known?: ReadonlyMap<string, Facts>,
): Promise<Decided> {
  const { placing, places, now } = parts;
  await places.begin(tx, app);
  const changed: DecidedFact[] = [];
  const superseded = new Map<AcceptedNotification, ReadonlySet<string>>();
  for (const { notification, people, isLaterPage = false } of asked) {
    if (notification.collapse_key === undefined) continue;
    const collapsed = await collapse(tx, notification, idsOf(people), { isLaterPage, now: now() });
    changed.push(...collapsed.changed);
    superseded.set(notification, collapsed.superseded);
  }
  const users = [...new Set(asked.flatMap(({ people }) => idsOf(people)))];
  const notifications = asked.map(({ notification }) => notification);
  const facts = known ?? (await factsFor(tx, parts, app, { notifications, users }));
  const at = asked.flatMap(({ notification, people, presence }) =>
    people.map(
      ({ user, only }): PersonAt => ({
        ...{ notification, user, only, kept: [], presence: presence.get(user) ?? 'offline' },
        facts: facts.get(user) as PersonAt['facts'],
        ended: superseded.get(notification)?.has(user) ? 'superseded' : undefined,
      }),
    ),
  );
  const placed = await placing.place(tx, at);
  const seen = at.map(({ notification: { id }, user }, index): NewRecipient => {
    const shown = shownAs(placed.decisions[index] ?? []);
    return { app, notification: id, user, place: places.next(app), ...shown };
  });
  await insertRecipients(tx, seen);
  let index = 0;
  const each = asked.map(({ people }) =>
    people.map(({ user }): DecidedPerson => ({ user, decisions: placed.decisions[index++] ?? [] })),
  );
  return { placed: { ...placed, changed: [...changed, ...placed.changed] }, each };
}

const idsOf = (people: readonly Addressee[]): string[] => people.map(({ user }) => user);

/** Where a person sees it: not in the inbox when it is switched off, and from its time on when it is scheduled. */
function shownAs(decisions: readonly HopDecision[]): { hidden: number; visible_at: number | null } {
  return { hidden: isHidden(decisions) ? 1 : 0, visible_at: scheduledFor(decisions) ?? null };
}
