import type { Due } from '../timers/due-rows.ts';

export const PERSON_DUE = 'person';
/** The timer of the next page of a notification to many. */
export const PAGE_DUE = 'page';
/** The timer of a page of people of a notification who wait for the same moment, in the place of one for each. */
export const HELD_DUE = 'held';
/** Kinds of timers by which people of a notification are looked at. */
export const PEOPLE_DUES = [PERSON_DUE, HELD_DUE] as const;

/** The timer of a person's notification: what waits of it is looked at then. */
export const personDue = (app: string, notification: string, user: string): Pick<Due, 'app' | 'kind' | 'ref'> => ({
  app,
  kind: PERSON_DUE,
  ref: JSON.stringify([notification, user]),
});

/** The first and the last of a page of people, by their ids; null: there is no last one. */
export type HeldPeople = readonly [from: string, to: string | null];

/** @param id of the page */
export const heldDue = (
  app: string,
  notification: string,
  id: string,
  people: HeldPeople,
): Pick<Due, 'app' | 'kind' | 'ref' | 'data'> => ({
  ...{ app, kind: HELD_DUE },
  ref: JSON.stringify([notification, id]),
  data: JSON.stringify(people),
});

/** The `ref` of every timer of people of a notification, of either kind, is from the first up to the second. */
export const personRefs = (notification: string): { readonly from: string; readonly to: string } => {
  const begin = JSON.stringify([notification]).slice(0, -1);
  // The comma is followed by the minus, in both engines.
  return { from: `${begin},`, to: `${begin}-` };
};

/** What a person's timer is about. */
export const personOf = (ref: string): { readonly notification: string; readonly user: string } => {
  const [notification, user] = JSON.parse(ref) as [string, string];
  return { notification, user };
};
