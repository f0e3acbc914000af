import { createHash } from 'node:crypto';
import type { JsonObject } from '../../../push/push.ts';
import type { NotificationDoc } from '../../notifications/notification-doc.ts';
import type { RecipientsDoc } from '../../notifications/recipients-doc.ts';
import { noticeData, noticeMessage, noticeTitle } from '../../words/notice-text.ts';
import type { IncidentDoc, IncidentEvent } from '../incident.ts';
import type { SeverityMeaning } from '../severity-map.ts';

export interface NoticeSources {
  readonly incident: string;
  readonly doc: IncidentDoc;
  /** Absent: it is not known. */
  readonly status?: string | undefined;
  /** An event, or the type of a notice that a back end sends by itself. */
  readonly event: IncidentEvent | (string & {});
  readonly to: RecipientsDoc;
  readonly meaning: SeverityMeaning;
  readonly message: string;
  /** Who did it, where that is worth telling. */
  readonly by?: string | undefined;
  /** Beside what the incident has. */
  readonly data?: JsonObject | undefined;
  readonly channels?: NotificationDoc['channels'] | undefined;
  /** By what it is cancelled. */
  readonly key?: string | undefined;
}

/** By what the calls for an incident are found that an acknowledgement answers. */
export const callKey = (incident: string): string => collapseKey('incident.call', incident);

/** The same for one event of one incident, and short enough for every provider. */
const collapseKey = (event: string, incident: string): string =>
  `${event}:${createHash('sha256').update(incident).digest('base64url').slice(0, 24)}`;

/** What people are sent about an incident. A later change takes the place of an earlier one that has not left. */
export function noticeDoc(sources: NoticeSources): NotificationDoc {
  const { incident, doc, status, event, to, meaning, message, by, data, channels, key } = sources;
  return {
    type: event,
    title: noticeTitle(doc.title ?? incident),
    ...(message === '' ? {} : { message: noticeMessage(message) }),
    ...(doc.url === undefined ? {} : { url: doc.url }),
    priority: meaning.priority,
    ...(doc.severity === undefined ? {} : { severity: doc.severity }),
    ...(status === undefined ? {} : { status }),
    data: {
      ...noticeData(doc.data),
      ...data,
      incident_id: incident,
      ...(doc.service === undefined ? {} : { service: doc.service }),
      ...(by === undefined ? {} : { by }),
    },
    to,
    ...(channels ? { channels } : {}),
    ...(meaning.category === '' ? {} : { category: meaning.category }),
    thread: incident,
    ...(key === undefined ? {} : { cancel_key: key }),
    ...(event === 'incident.updated' ? { collapse_key: collapseKey(event, incident) } : {}),
  };
}
