import type { JsonSchema } from '../../../push/wire/decoding.ts';
import { type ApiGroup, count, type DescribedAnswer, json, record, ref, text } from '../api-group.ts';
import { anyObject, DURATION, ETAG, idParameter, instant, tagged, texts } from './hub-parts.ts';

export const INCIDENT = idParameter('id', 'Id of the incident.', 'INC-1');

const DEADLINE: JsonSchema = {
  ...DURATION,
  description: 'A duration from the opening on (seconds, or a text such as `"15m"`), or an instant.',
};

const sla: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'Takes the place of `hub.incidents.sla.<severity>`.',
  properties: {
    acknowledge_by: DEADLINE,
    resolve_by: DEADLINE,
    warn_at: {
      type: 'array',
      items: { type: 'number' },
      description: 'Parts of the time after which it is warned; default 0.5 and 0.8.',
    },
  },
};

export const said = {
  at: instant('When it was so; absent: now. Something later that is known already counts.'),
  by: text('Who did it; the token of a person speaks for that person alone.'),
};

/** What callers say of an incident. */
export const incidentFieldSchemas = {
  title: text('', { maxLength: 2000 }),
  summary: text('', { maxLength: 100_000 }),
  severity: text('`SEV-1` to `SEV-5`, or another word.', { maxLength: 64 }),
  service: text('', { maxLength: 256 }),
  url: text('What a tap opens.', { maxLength: 4096 }),
  assignees: texts('Ids of people.'),
  responders: texts('Ids of people.'),
  teams: texts('Names of teams.'),
  sla,
  escalation: text('Name of an escalation. Absent: `hub.incidents.escalation.<severity>`.'),
  data: anyObject('Goes along with each notice, up to 1 KiB.'),
};

const order: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...incidentFieldSchemas,
    status: text('`open`, `acknowledged`, `resolved`, or another word; absent: as it is.', { maxLength: 64 }),
    ...said,
  },
};

const moment = record({ by: text(''), at: instant() });

const incident = record(
  {
    ...{ id: text(''), title: text(''), status: text('') },
    cycle: count('How often it was opened, from 1.'),
    ...{ assignees: texts(), responders: texts(), teams: texts(), data: anyObject() },
    ...{ opened_at: instant(), created_at: instant(), updated_at: instant() },
  },
  {
    ...{ summary: text(''), severity: text(''), service: text(''), url: text(''), sla: anyObject() },
    ...{ escalation: text(''), acknowledged: moment, resolved: moment },
    ...{ deadlines: anyObject('`acknowledge_by`, `resolve_by`'), breached: texts('Those that were not kept.') },
    escalated: record(
      { escalation: text(''), steps: count('Steps that were called, in this cycle.') },
      { of_others: count('How many of them were steps of other escalations before.'), next_at: instant() },
    ),
  },
);

const changed = record(
  {
    changed: texts('The events that it made: `incident.created`, `.updated`, …'),
    notified: count('People who hear of it, over all notices.'),
  },
  {
    incident: anyObject('As it is now; absent: there is none.'),
    ...{ status: text('To an event of PagerDuty.'), message: text(''), dedup_key: text('') },
    reason: text('`stale`: something later is known. `duplicate`: the event was taken before.'),
  },
);

const entry = record(
  {
    at: instant(),
    kind: text('`change`, `notification`, `decision`, `acknowledgement`, `escalation`, `sla`.'),
    by: text('`hub`: it happened by itself.'),
    text: text('A sentence.'),
  },
  {
    ...{ event: text(''), changed: texts(), users: texts(), notification: text(''), recipients: anyObject() },
    ...{ unknown_user: texts(), user: text(''), hop: count(''), channel: text(''), device: text('') },
    ...{ state: text(''), reason: text(''), escalation: text(''), step: count(''), round: count('') },
    ...{ sla: text(''), deadline: instant() },
  },
);

/** Of a verb, which there may be nothing for. */
export const cameTo = (description: string): DescribedAnswer => ({
  ...json(description, ref('IncidentChanged')),
  headers: { ETag: { ...ETAG.ETag, required: false } },
});

export const answered = (description: string) => tagged(json(description, ref('IncidentChanged')));

export const incidentSchemas: NonNullable<ApiGroup['schemas']> = {
  Incident: incident,
  IncidentOrder: order,
  IncidentChanged: changed,
  TimelineEntry: entry,
};
