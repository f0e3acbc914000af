/** What may have happened to an incident. */
export const NotificationType = {
  IncidentCreated: 'incident.created',
  IncidentUpdated: 'incident.updated',
  IncidentEscalated: 'incident.escalated',
  IncidentAssigned: 'incident.assigned',
  SLABreach: 'incident.sla_breach',
} as const;
export type NotificationType = (typeof NotificationType)[keyof typeof NotificationType] | (string & {});

/** Of an incident; anything else goes along as data. */
export interface IncidentData {
  /** Default: words of the type. */
  readonly title?: string;
  readonly message?: string;
  /** `SEV-1` to `SEV-5`, or `critical high medium low info`. */
  readonly severity?: string;
  readonly status?: string;
  /** What a tap opens. */
  readonly url?: string;
  /** Default: by the severity. */
  readonly priority?: string;
  readonly [key: string]: unknown;
}
