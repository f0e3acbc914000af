/** Events of an incident as `POST /v1/incidents/events` takes them: in our words, or as PagerDuty's Events API v2 has them. */
import { isObject } from '../../kit/is-object.ts';
import { checked, type Reader, readBody, type Shape, shape, wordOf } from '../../kit/json/readers.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import type { JsonObject } from '../../push/push.ts';
import { id } from '../words/id.ts';
import type { IncidentDoc, IncidentField } from './incident.ts';
import { docFields, filledDoc, saidFields } from './parse-incident.ts';
import { type EscalateOrder, escalateFields, eventId } from './parse-verb.ts';

export const incidentActions = ['trigger', 'acknowledge', 'escalate', 'resolve'] as const;
export type IncidentAction = (typeof incidentActions)[number];

export interface IncidentEventOrder extends EscalateOrder {
  readonly action: IncidentAction;
  /** Id of the incident; absent in a trigger: a new one. */
  readonly key?: string;
  /** Id of this event: once in a day. */
  readonly dedup?: string;
  readonly doc: IncidentDoc;
  /** Fields that something is said of. */
  readonly names: readonly IncidentField[];
  /** It came in PagerDuty's words, and is answered in them. */
  readonly isPagerDuty: boolean;
}

const own = {
  ...docFields,
  ...saidFields,
  ...escalateFields,
  action: wordOf(incidentActions),
  key: id,
  dedup: eventId,
};

const ownEvent: Reader<IncidentEventOrder> = checked(shape(own), (given, at, faults) => {
  const { action, key, dedup, by, at: time, to, channels, priority, message, ...doc } = given;
  if (action === undefined) faults.push({ path: pathOf(at, 'action'), reason: 'is missing' });
  if (key === undefined && action !== 'trigger')
    faults.push({ path: pathOf(at, 'key'), reason: 'is missing: which incident?' });
  return {
    ...present({ action, key, dedup, by, at: time, to, channels, priority, message }),
    ...docOf(doc),
    isPagerDuty: false,
  } as IncidentEventOrder;
});

const pathOf = (at: string, name: string): string => (at === '' ? name : `${at}.${name}`);

const present = (object: object): object =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

const docOf = (given: Shape<typeof docFields>): Pick<IncidentEventOrder, 'doc' | 'names'> => ({
  doc: filledDoc(given),
  names: Object.keys(given) as IncidentField[],
});

/** Names of PagerDuty's that we have a meaning for; all else in its objects is kept as data. */
interface PagerDutyPayload {
  readonly summary?: unknown;
  readonly source?: unknown;
  readonly severity?: unknown;
  readonly timestamp?: unknown;
}

/** In our words; what is wrong is named by where it stands in theirs. */
function translated(json: Readonly<Record<string, unknown>>): { readonly ours: object; readonly theirs: Renames } {
  const { event_action, dedup_key, payload, client, client_url, links, images } = json;
  const { summary, source, severity, timestamp, ...rest } = (isObject(payload) ? payload : {}) as PagerDutyPayload;
  const data = present({ source, client, links, images, ...rest }) as JsonObject;
  return {
    ours: present({
      ...{ action: event_action, key: dedup_key, title: summary, service: source, severity, at: timestamp },
      ...{ url: client_url === '' ? undefined : client_url },
      ...(event_action === 'trigger' && Object.keys(data).length > 0 ? { data } : {}),
    }),
    theirs: RENAMES,
  };
}

type Renames = Readonly<Record<string, string>>;

const RENAMES: Renames = {
  action: 'event_action',
  key: 'dedup_key',
  title: 'payload.summary',
  service: 'payload.source',
  severity: 'payload.severity',
  at: 'payload.timestamp',
  url: 'client_url',
};

function pagerDutyEvent(json: Readonly<Record<string, unknown>>): IncidentEventOrder | readonly FaultyField[] {
  const { ours, theirs } = translated(json);
  const read = readBody(ownEvent, ours);
  if (Array.isArray(read)) return read.map(({ path, reason }: FaultyField) => ({ path: theirs[path] ?? path, reason }));
  return { ...(read as IncidentEventOrder), isPagerDuty: true };
}

/** The body, or everything that is wrong with it. */
export const parseEvent = (json: unknown): IncidentEventOrder | readonly FaultyField[] =>
  isObject(json) && 'event_action' in json ? pagerDutyEvent(json) : readBody(ownEvent, json);
