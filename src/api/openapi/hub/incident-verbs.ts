import type { JsonSchema } from '../../../push/wire/decoding.ts';
import { type ApiGroup, json, record, ref, text } from '../api-group.ts';
import { anyObject, hubOperation, jsonBody, texts } from './hub-parts.ts';
import { cameTo, INCIDENT, incidentFieldSchemas, said } from './incident-schemas.ts';

const verbBody = jsonBody(
  { type: 'object', additionalProperties: false, properties: said },
  { one: { summary: 'By a person', value: { by: 'ada' } } },
  false,
);

const verb = (operationId: string, summary: string) => ({
  post: hubOperation({
    ...{ operationId, summary, takes: ['key', 'body'], parameters: [INCIDENT], requestBody: verbBody },
    description:
      'On what is not there it changes nothing. The token of a person may do it where the incident concerns that person.',
    responses: { 200: cameTo('What it came to.') },
  }),
});

const called = {
  to: anyObject('Absent: those of the next step, or whose incident it is. For back ends alone, like the next three.'),
  channels: texts('Absent: those of the priority.'),
  priority: text('Absent: that of the severity.'),
  message: text('', { maxLength: 2000 }),
};

const event: JsonSchema = {
  type: 'object',
  description: "`action` with the fields of an incident, or an event of PagerDuty's Events API v2 as it is.",
  properties: {
    action: text('`trigger`, `acknowledge`, `escalate`, `resolve`.'),
    key: text('Id of the incident; absent in a trigger: a new one.'),
    dedup: text('Id of this event: it is taken once in 24 h.'),
    ...{ ...incidentFieldSchemas, ...said, ...called },
    routing_key: text('Read by no one here: the app is that of the key.'),
    ...{ event_action: text(''), dedup_key: text(''), client: text(''), client_url: text('') },
    payload: anyObject('`summary source severity timestamp component group class custom_details`'),
    links: { type: 'array', items: anyObject() },
    images: { type: 'array', items: anyObject() },
  },
};

/** Paths of what is done with an incident. */
export const incidentVerbs: ApiGroup['paths'] = {
  '/v1/incidents/events': {
    post: hubOperation({
      operationId: 'sendIncidentEvent',
      summary: 'One thing that happened',
      takes: ['key', 'body'],
      requestBody: jsonBody(event, {
        own: {
          summary: 'An alarm',
          value: { key: 'INC-2', action: 'trigger', dedup: 'alarm-7', title: 'Disk full', severity: 'SEV-2' },
        },
        pagerduty: {
          summary: "In PagerDuty's words",
          value: {
            routing_key: 'R0UT1NGKEY',
            event_action: 'trigger',
            dedup_key: 'srv01/HTTP',
            payload: { summary: 'HTTP is down', source: 'srv01', severity: 'critical' },
          },
        },
      }),
      responses: { 200: cameTo("What it came to; with `status`, `message` and `dedup_key` for PagerDuty's events.") },
    }),
  },
  '/v1/incidents/{id}/acknowledge': verb('acknowledgeIncident', 'Someone has it in hand'),
  '/v1/incidents/{id}/resolve': verb('resolveIncident', 'It is over'),
  '/v1/incidents/{id}/escalate': {
    post: hubOperation({
      operationId: 'escalateIncident',
      summary: 'Calls people now',
      takes: ['key', 'body'],
      parameters: [INCIDENT],
      requestBody: jsonBody(
        { type: 'object', additionalProperties: false, properties: { ...said, ...called } },
        { one: { summary: 'Two people, by push', value: { to: { users: ['ada', 'bob'] }, channels: ['push'] } } },
        false,
      ),
      responses: { 200: cameTo('What it came to.') },
    }),
  },
  '/v1/incidents/{id}/notifications': {
    post: hubOperation({
      operationId: 'notifyOfIncident',
      summary: 'A notice that the back end words itself',
      description: 'The hub need not know the incident.',
      takes: ['key', 'body'],
      parameters: [INCIDENT],
      requestBody: jsonBody(
        {
          ...record(
            { type: text('', { minLength: 1, maxLength: 128 }), users: texts('Ids of people.') },
            {
              data: anyObject(
                '`title message severity status service url priority` are what they say; the rest goes along.',
              ),
              by: said.by,
            },
          ),
          additionalProperties: false,
        },
        {
          one: {
            summary: 'To one person',
            value: { type: 'incident.created', users: ['ada'], data: { title: 'Database down', severity: 'SEV-1' } },
            'x-status': 202,
          },
        },
      ),
      responses: {
        202: json(
          'It is in the store.',
          record({ id: text(''), status: text(''), recipients: ref('RecipientTotals') }),
        ),
      },
    }),
  },
};
