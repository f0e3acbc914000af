import type { JsonObject } from '../../../push/push.ts';
import type { NoticeIntake, Presences, TakenNotice } from '../../notifications/notices.ts';
import type { NotificationDoc } from '../../notifications/notification-doc.ts';
import type { RecipientsDoc } from '../../notifications/recipients-doc.ts';
import type { HubDb } from '../../storage/storage.ts';
import type { Priority } from '../../words/priority.ts';
import { aboutIncident, type IncidentEvent } from '../incident.ts';
import type { IncidentPolicy } from '../incident-policy.ts';
import { meaningOf } from '../severity-map.ts';
import type { IncidentFacts } from '../state/changes.ts';
import { noticeEntry, type TimelineEntry, unheardEntry } from '../timeline/timeline-entry.ts';
import { noticeDoc } from './notice-doc.ts';

/** Something that people hear about an incident. */
export interface Telling {
  readonly app: string;
  readonly incident: string;
  readonly facts: IncidentFacts;
  readonly event: IncidentEvent;
  /** Undefined: no one is named. */
  readonly to: RecipientsDoc | undefined;
  readonly message: string;
  /** Who did it, where that is worth telling. */
  readonly by?: string | undefined;
  readonly data?: JsonObject | undefined;
  readonly channels?: NotificationDoc['channels'] | undefined;
  /** By what it is cancelled. */
  readonly key?: string | undefined;
  /** In the place of that of the severity. */
  readonly priority?: Priority | undefined;
  readonly awakeOnly?: boolean | undefined;
}

export interface TellingParts {
  readonly notices: NoticeIntake;
  readonly policyOf: (app: string) => IncidentPolicy;
}

/** A notice, or why there is none, and the line of the timeline that says so. */
export interface ToldPeople {
  readonly taken: TakenNotice | undefined;
  readonly entry: TimelineEntry;
}

/** Takes the notice, in the transaction of what it tells of. */
export async function tellPeople(
  tx: HubDb,
  { notices, policyOf }: TellingParts,
  { app, incident, facts, event, to, priority, awakeOnly, ...rest }: Telling,
  presences: Presences,
): Promise<ToldPeople> {
  if (!to) return { taken: undefined, entry: unheardEntry(event, 'no one is named') };
  const usual = meaningOf(policyOf(app), facts.doc.severity, event);
  const meaning = priority ? { ...usual, priority } : usual;
  const notice = noticeDoc({ incident, doc: facts.doc, status: facts.status.word, event, to, meaning, ...rest });
  const sound = meaning.sound === '' ? undefined : meaning.sound;
  const taken = await notices.take(
    tx,
    { app, doc: notice, about: aboutIncident(incident), sound, awakeOnly },
    presences,
  );
  return { taken, entry: noticeEntry(event, taken) };
}

/** How many people hear of it, at once or later. */
export const heardBy = (taken: readonly TakenNotice[]): number =>
  taken.reduce((sum, { recipients: { queued, held, undecided = 0 } }) => sum + queued + held + undecided, 0);
