import { severityRank } from '../hub/words/severity.ts';
import { isObject } from '../kit/is-object.ts';
import type { IncidentData } from './incident-data.ts';
import type { NotificationToSend } from './push-notifier.ts';

const TITLES: Readonly<Record<string, string>> = {
  'incident.created': 'New incident',
  'incident.updated': 'Incident updated',
  'incident.escalated': 'Incident escalated',
  'incident.assigned': 'Incident assigned to you',
  'incident.sla_breach': 'SLA breached',
};

/** By the rank of the severity, SEV-1 first. */
const PRIORITIES = ['critical', 'high', 'medium', 'low', 'low'];
/** Never less urgent than this, whatever the severity. */
const AT_LEAST: Readonly<Record<string, string>> = { 'incident.escalated': 'high', 'incident.sla_breach': 'critical' };
const ORDER = ['low', 'medium', 'high', 'critical'];

function priorityOf(type: string, severity: string | undefined): string {
  const rank = severity === undefined ? undefined : severityRank(severity);
  const own = rank === undefined ? 'medium' : (PRIORITIES[rank - 1] as string);
  const least = AT_LEAST[type] ?? 'low';
  return ORDER.indexOf(own) < ORDER.indexOf(least) ? least : own;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The notification of `POST /v1/notifications` about an incident. One about the same incident replaces what has not left yet. */
export function incidentNotification(
  incident: string,
  users: readonly string[],
  type: string,
  { title, message, severity, status, url, priority, ...more }: IncidentData,
): NotificationToSend {
  const nested = isObject(more.data) ? more.data : {};
  const { data: _, ...rest } = isObject(more.data) ? more : { ...more, data: undefined };
  const extra = Object.entries({ ...rest, ...nested }).filter(([, value]) => value !== undefined && value !== null);
  const given = Object.entries({ message, severity, status, url }).filter(([, value]) => value !== undefined);
  return {
    type,
    title: title ?? TITLES[type] ?? type,
    ...Object.fromEntries(given),
    priority: (priority ?? priorityOf(type, severity)) as NonNullable<NotificationToSend['priority']>,
    data: { ...Object.fromEntries(extra.map(([key, value]) => [key, textOf(value)])), incident_id: incident },
    thread: incident,
    to: { users },
  };
}
