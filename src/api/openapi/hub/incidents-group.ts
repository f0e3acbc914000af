import { type ApiGroup, guide, json, record, ref, text } from '../api-group.ts';
import { hubOperation, jsonBody, tagged } from './hub-parts.ts';
import { answered, INCIDENT, incidentSchemas } from './incident-schemas.ts';
import { incidentVerbs } from './incident-verbs.ts';

const example = {
  title: 'Disk full',
  summary: 'db-3 has 2 % left',
  severity: 'SEV-1',
  service: 'payments',
  assignees: ['ada'],
  teams: ['storage'],
  sla: { acknowledge_by: '15m', resolve_by: '4h' },
};

const paths: ApiGroup['paths'] = {
  '/v1/incidents': {
    get: hubOperation({
      operationId: 'listIncidents',
      summary: 'Newest first',
      takes: ['page'],
      parameters: ['status', 'severity', 'service', 'user'].map((name) => ({
        ...{ name, in: 'query' as const, schema: { type: 'string' } },
        description: name === 'user' ? 'Only where this person is named.' : `Of this ${name} only.`,
      })),
      responses: {
        200: json(
          'A page.',
          record({ incidents: { type: 'array', items: ref('Incident') } }, { next_cursor: text('') }),
        ),
      },
    }),
  },
  '/v1/incidents/{id}': {
    get: hubOperation({
      operationId: 'readIncident',
      summary: 'One incident',
      takes: ['known'],
      parameters: [INCIDENT],
      responses: { 200: tagged(json('It.', ref('Incident'))), 304: { description: 'It is the same.' } },
    }),
    put: hubOperation({
      operationId: 'putIncident',
      summary: 'Says all of it',
      description:
        'People hear of what is different from what was known. Fields that are left out are absent, a status stays.',
      takes: ['conditions', 'body'],
      parameters: [INCIDENT],
      requestBody: jsonBody(ref('IncidentOrder'), { one: { summary: 'A full disk', value: example } }),
      responses: { 200: answered('It was there.'), 201: answered('It is new.') },
    }),
    delete: hubOperation({
      operationId: 'deleteIncident',
      summary: 'Deletes it with its timeline, and takes back what has not left',
      takes: ['conditions'],
      parameters: [INCIDENT],
      responses: { 204: { description: 'It is not there.' } },
    }),
  },
  '/v1/incidents/{id}/timeline': {
    get: hubOperation({
      operationId: 'readTimeline',
      summary: 'Every change, notice and decision, oldest first',
      takes: ['page'],
      parameters: [INCIDENT],
      responses: {
        200: json(
          'A page.',
          record({ entries: { type: 'array', items: ref('TimelineEntry') } }, { next_cursor: text('') }),
        ),
      },
    }),
  },
};

/** What goes wrong, who has it in hand, and who heard of it. */
export const incidentsGroup = (): ApiGroup => ({
  tag: {
    name: 'Incidents',
    description: 'The hub compares what a back end says with what it knows, and notifies people of each event once.',
    ...guide('hub/incidents', 'Incidents and on-call'),
  },
  paths: { ...paths, ...incidentVerbs },
  schemas: incidentSchemas,
});
