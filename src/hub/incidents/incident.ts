/** Incidents, as the other parts of the hub know them. */
import { type FaultyField, type RefusalKind, RefusedError, unprocessableText } from '../../kit/refusal.ts';
import type { JsonObject } from '../../push/push.ts';

/** What can happen to an incident; people hear once of each. */
export const incidentEvents = [
  'incident.created',
  'incident.updated',
  'incident.assigned',
  'incident.escalated',
  'incident.acknowledged',
  'incident.resolved',
  'incident.sla_warning',
  'incident.sla_breach',
] as const;
export type IncidentEvent = (typeof incidentEvents)[number];

/** By when something is to be done. */
export interface SlaDoc {
  /** Seconds from the opening on, or an instant that ends with `Z`. */
  readonly acknowledge_by?: number | string;
  readonly resolve_by?: number | string;
  /** Parts of the time after which it is warned, rising; absent: half of it, and four fifths. */
  readonly warn_at?: readonly number[];
}

/** What callers say of an incident. */
export interface IncidentDoc {
  readonly title?: string;
  readonly summary?: string;
  readonly severity?: string;
  readonly service?: string;
  readonly url?: string;
  readonly assignees?: readonly string[];
  readonly responders?: readonly string[];
  readonly teams?: readonly string[];
  readonly sla?: SlaDoc;
  /** Name of an escalation. */
  readonly escalation?: string;
  readonly data?: JsonObject;
}

export type IncidentField = keyof IncidentDoc;

/** Who does something. */
export interface Actor {
  /** An id of a person, or what the caller calls itself; `key:billing` of one that says nothing. */
  readonly name: string;
  /** Said by the caller, or a person's own token: worth telling others. */
  readonly isNamed: boolean;
}

/** What the hub does by itself. */
export const HUB: Actor = { name: 'hub', isNamed: false };

/** In the place of people who were erased. */
export const ERASED = 'erased';

/** By what notices about an incident are found. */
export const aboutIncident = (id: string): string => `incident:${id}`;

/** Something about incidents or escalations that is not done. */
export class IncidentRefusal extends RefusedError {
  readonly code = 'ERR_INCIDENT_REFUSED';
  readonly kind: RefusalKind;
  override readonly details: readonly FaultyField[] | undefined;

  constructor(kind: RefusalKind, message: string, details?: readonly FaultyField[]) {
    super(message);
    this.kind = kind;
    this.details = details;
  }
}

/** Refuses what is wrong in a body. */
export const faultyIncident = (details: readonly FaultyField[]): IncidentRefusal =>
  new IncidentRefusal('unprocessable', unprocessableText(details), details);
