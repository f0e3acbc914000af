import { checked, listOf, nameOf, type Reader, shape, wordOf } from '../../../kit/json/readers.ts';
import type { FaultyField } from '../../../kit/refusal.ts';
import { instant } from '../../../kit/time/instant.ts';
import { id } from '../../words/id.ts';

/** What a person can do with a notification, from the least to the most. */
export const engagementEvents = ['received', 'dismissed', 'opened', 'action'] as const;
export type EngagementEvent = (typeof engagementEvents)[number];

/** What an app tells of a notification that it has shown. */
export interface EngagementDoc {
  readonly notification: string;
  /** Absent: the person whose token it is, or whose device. */
  readonly user?: string;
  readonly device?: string;
  readonly event: EngagementEvent;
  /** Of the event `action`: the button's id. */
  readonly action?: string;
  /** UNIX milliseconds; absent: now. */
  readonly at?: number;
}

/** Of one request. */
const MOST = 500;

const engagement: Reader<EngagementDoc> = checked(
  shape({ notification: id, user: id, device: id, event: wordOf(engagementEvents), action: nameOf(256), at: instant }),
  (given, at, faults) => {
    const path = (name: string): string => (at === '' ? name : `${at}.${name}`);
    if (given.notification === undefined) faults.push({ path: path('notification'), reason: 'is missing' });
    if (given.event === undefined) faults.push({ path: path('event'), reason: 'is missing' });
    else if (given.action !== undefined && given.event !== 'action')
      faults.push({ path: path('action'), reason: 'is for the event action' });
    return given as EngagementDoc;
  },
);

const list = listOf(engagement, MOST);

/** The body of `POST /v1/engagements`: one, or a list. */
export function parseEngagements(
  json: unknown,
): { readonly engagements: readonly EngagementDoc[] } | { readonly faults: readonly FaultyField[] } {
  const faults: FaultyField[] = [];
  const read = Array.isArray(json) ? list(json, '', faults) : [engagement(json, '', faults)];
  if (faults.length > 0 || read === undefined) return { faults };
  return { engagements: read.filter((each) => each !== undefined) };
}
