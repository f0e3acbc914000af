import {
  anyObject,
  checked,
  nameOf,
  type Reader,
  readBody,
  type Shape,
  setOf,
  shape,
  textOf,
} from '../../kit/json/readers.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import { instant } from '../../kit/time/instant.ts';
import type { JsonObject } from '../../push/push.ts';
import { id } from '../words/id.ts';
import type { IncidentDoc } from './incident.ts';
import { sla } from './sla/sla-doc.ts';

/** What is said with a change beside the fields of the incident. */
export interface SaidWith {
  /** When it was so, UNIX milliseconds; absent: now. */
  readonly at?: number;
  /** Who did it. */
  readonly by?: string;
}

export interface GivenIncident extends SaidWith {
  readonly doc: IncidentDoc;
  /** `open`, `acknowledged`, `resolved`, or another word; absent: nothing is said of it. */
  readonly status?: string;
}

const MOST_PEOPLE = 1000;
const MOST_NAME = 256;

const people = setOf(id, MOST_PEOPLE);

export const docFields = {
  title: textOf(2000),
  summary: textOf(100_000),
  severity: nameOf(64),
  service: nameOf(MOST_NAME),
  url: nameOf(4096),
  assignees: people,
  responders: people,
  teams: people,
  sla,
  escalation: id,
  data: anyObject,
};

/** An instant that dates have. */
const LATEST = Date.UTC(9999, 11, 31);

/** UNIX milliseconds, after 1970. */
export const moment: Reader<number> = checked(instant, (ms, at, faults) => {
  if (ms >= 0 && ms < LATEST) return ms;
  faults.push({ path: at, reason: 'must be between 1970 and 9999' });
  return undefined;
});

export const saidFields = { at: moment, by: nameOf(MOST_NAME) };

/** Words of other systems that mean the same, and ours in any case. */
const STATUSES: Readonly<Record<string, string>> = {
  open: 'open',
  triggered: 'open',
  acknowledged: 'acknowledged',
  resolved: 'resolved',
};

export const status: Reader<string> = checked(nameOf(64), (word) => STATUSES[word.toLowerCase()] ?? word);

const fields = { ...docFields, ...saidFields, status };

/** Fields that say something: an empty text or list is the same as none. */
export function filledDoc(given: Shape<typeof docFields>): IncidentDoc {
  const isEmpty = (value: unknown): boolean => value === '' || (Array.isArray(value) && value.length === 0);
  const filled = Object.entries(given).filter(([, value]) => value !== undefined && !isEmpty(value));
  return Object.fromEntries(filled) as { data?: JsonObject };
}

const incident: Reader<GivenIncident> = checked(shape(fields), ({ at, by, status: word, ...doc }) => ({
  doc: filledDoc(doc),
  ...(at === undefined ? {} : { at }),
  ...(by === undefined ? {} : { by }),
  ...(word === undefined ? {} : { status: word }),
}));

/** The body of `PUT /v1/incidents/{id}`, or everything that is wrong with it. */
export const parseIncident = (json: unknown): GivenIncident | readonly FaultyField[] => readBody(incident, json);
