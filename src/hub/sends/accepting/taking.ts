/** Takes notifications that are not there yet: each with its first people, their decisions and timers. */
import type { AcceptedNotification, PresenceState } from '../../notifications/decide-input.ts';
import { erasuresOf } from '../../people/erasures.ts';
import type { HubDb } from '../../storage/storage.ts';
import { setDue } from '../../timers/due-rows.ts';
import { type Addressee, audienceOf } from '../audience/audience.ts';
import { audiencePage, unknownOf } from '../audience/audience-page.ts';
import { audienceSize } from '../audience/audience-size.ts';
import type { Facts } from '../facts/facts.ts';
import { PAGE_DUE } from '../person-due.ts';
import type { Placed } from '../placing.ts';
import { insertNotifications, type NotificationBegin } from '../rows/notification-rows.ts';
import * as totals from '../totals.ts';
import { type DecidedPerson, type DecidingParts, decidePeople, factsFor, type PeopleOf } from './deciding.ts';
import { isForFew, pageFor } from './page-size.ts';
import type { SendAnswer } from './send-order.ts';

export interface Fresh {
  readonly notification: AcceptedNotification;
  readonly bodyHash: string;
  readonly presence: ReadonlyMap<string, PresenceState>;
}

export interface TakenOne {
  readonly answer: SendAnswer;
  /** Further people are decided about behind the answer. */
  readonly pages: boolean;
  readonly outcomes: totals.OutcomeCounts;
}

export interface TakenFresh {
  readonly placed: Placed;
  /** By place in what was given. */
  readonly each: readonly TakenOne[];
}

/** In one transaction, notifications of one app of which no two are for the same person. */
export async function takeFresh(
  tx: HubDb,
  parts: DecidingParts,
  app: string,
  fresh: readonly Fresh[],
): Promise<TakenFresh> {
  const first: FirstPeople[] = [];
  const users = [...new Set(fresh.flatMap(namedIn))];
  const notifications = fresh.map(({ notification }) => notification);
  const facts = await factsFor(tx, parts, app, { notifications, users });
  for (const one of fresh) first.push(fewPeople(one, facts) ?? (await firstPage(tx, one, parts.page)));
  const areNamed = first.every(({ people }) => people.every(({ user }) => facts.has(user)));
  const { placed, each } = await decidePeople(tx, parts, app, first, areNamed ? facts : undefined);
  const erasures = first.some(({ next }) => next !== undefined) ? await erasuresOf(tx, app) : undefined;
  const begun = first.map((one, index) => ({ ...begin(one, each[index] ?? []), erasures }));
  await insertNotifications(tx, begun, { seal: parts.store.seal, now: parts.now(), places: parts.places });
  const pages = first.flatMap(({ notification: { id: ref }, next }) =>
    next === undefined ? [] : [{ app, kind: PAGE_DUE, ref, at: parts.now(), data: next }],
  );
  await setDue(tx, pages);
  return { placed, each: begun };
}

/** Who a notification is for, as far as it is decided about before the answer. */
interface FirstPeople extends PeopleOf, Fresh {
  readonly unknown: readonly string[];
  /** Those of later pages. */
  readonly left: number;
  /** The id after which the next page begins; undefined: these are all. */
  readonly next: string | undefined;
}

const namedIn = ({ notification }: Fresh): readonly string[] => {
  const to = audienceOf(notification);
  return isForFew(notification, to) ? to.users : [];
};

/** Undefined: they are read in pages. @param facts of those whom the notifications for few name */
function fewPeople(one: Fresh, facts: ReadonlyMap<string, Facts>): FirstPeople | undefined {
  const to = audienceOf(one.notification);
  if (!isForFew(one.notification, to)) return undefined;
  const people: Addressee[] = [];
  const unknown: string[] = [];
  for (const user of new Set(to.users))
    if (facts.get(user)?.person === undefined) unknown.push(user);
    else if (!to.except.includes(user)) people.push({ user });
  return { ...one, people, unknown, left: 0, next: undefined };
}

async function firstPage(tx: HubDb, one: Fresh, page: number): Promise<FirstPeople> {
  const { app } = one.notification;
  const to = audienceOf(one.notification);
  const { people, next } = await audiencePage(tx, app, to, '', pageFor(one.notification, page));
  const unknown = await unknownOf(tx, app, to);
  const left = next === undefined ? 0 : (await audienceSize(tx, app, to)) - people.length;
  return { ...one, people, unknown, left, next };
}

type Begun = TakenOne & NotificationBegin;

function begin({ unknown, left, next, ...one }: FirstPeople, people: readonly DecidedPerson[]): Begun {
  const { id } = one.notification;
  const counted = totals.withUnknown(totals.withPeople(totals.noTotals, people), unknown);
  const recipients = totals.withUndecided(counted, left);
  const status = totals.firstStatus(
    recipients,
    people.flatMap(({ decisions }) => decisions),
  );
  return {
    ...{ ...one, status, totals: recipients, pages: next !== undefined },
    answer: { id, status, recipients },
    outcomes: { ...totals.countOutcomes(people), unknown: unknown.length },
  };
}
