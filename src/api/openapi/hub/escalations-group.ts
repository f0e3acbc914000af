import type { JsonSchema } from '../../../push/wire/decoding.ts';
import { type ApiGroup, guide, json, record, ref, text } from '../api-group.ts';
import { anyObject, DURATION, hubOperation, idParameter, instant, jsonBody, tagged, texts } from './hub-parts.ts';

const NAME = idParameter('name', 'Name of the escalation.', 'on-call');

const step: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    after: {
      ...DURATION,
      description: 'Since the step before; of the first since the opening, and before a further round.',
    },
    to: anyObject('As `to` of a notification. Absent: those whose incident it is.'),
    channels: texts('Absent: those of the priority.'),
    priority: text('Absent: that of the severity.'),
    if: text('`recipient_awake`: only those who are neither in quiet hours nor have a snooze.'),
  },
};

const fields = {
  steps: { type: 'array', items: step, minItems: 1, maxItems: 50 },
  repeat: { type: 'integer', minimum: 0, maximum: 9, description: 'Further rounds.' },
  backoff: {
    type: 'number',
    minimum: 1,
    maximum: 10,
    description: 'What all gaps are multiplied by from round to round.',
  },
} satisfies Record<string, JsonSchema>;

const { steps, ...optional } = fields;
const order: JsonSchema = { ...record({ steps }, optional), additionalProperties: false };
const escalation = record({ name: text(''), ...fields, created_at: instant(), updated_at: instant() });

const example = {
  steps: [
    { after: '5m', to: { users: ['ada'] } },
    { after: '10m', to: { teams: ['storage'] }, priority: 'critical' },
  ],
  repeat: 2,
  backoff: 2,
};

const one = (description: string) => tagged(json(description, ref('Escalation')));

/** Who is called when, while an incident is not in hand. */
export const escalationsGroup = (): ApiGroup => ({
  tag: {
    name: 'Escalations',
    description: 'Whom to call, and when, until someone acknowledges.',
    ...guide('hub/on-call', 'On-call escalation'),
  },
  paths: {
    '/v1/escalations': {
      get: hubOperation({
        operationId: 'listEscalations',
        summary: 'By name',
        takes: ['page'],
        responses: {
          200: json(
            'A page.',
            record({ escalations: { type: 'array', items: ref('Escalation') } }, { next_cursor: text('') }),
          ),
        },
      }),
    },
    '/v1/escalations/{name}': {
      get: hubOperation({
        operationId: 'readEscalation',
        summary: 'One escalation',
        takes: ['known'],
        parameters: [NAME],
        responses: { 200: one('It.'), 304: { description: 'It is the same.' } },
      }),
      put: hubOperation({
        operationId: 'putEscalation',
        summary: 'Makes or replaces it',
        description: 'Incidents under way go on with it.',
        takes: ['conditions', 'body'],
        parameters: [NAME],
        requestBody: jsonBody(ref('EscalationOrder'), { one: { summary: 'Two steps, three rounds', value: example } }),
        responses: { 200: one('It was there.'), 201: one('It is new.') },
      }),
      delete: hubOperation({
        operationId: 'deleteEscalation',
        summary: 'Deletes it; incidents under way go on as it was',
        takes: ['conditions'],
        parameters: [NAME],
        responses: { 204: { description: 'It is not there.' } },
      }),
    },
  },
  schemas: { Escalation: escalation, EscalationOrder: order },
});
