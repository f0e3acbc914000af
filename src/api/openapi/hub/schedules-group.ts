import type { JsonSchema } from '../../../push/wire/decoding.ts';
import { type ApiGroup, guide, json, record, ref, text } from '../api-group.ts';
import { DURATION, hubOperation, idParameter, instant, jsonBody, tagged } from './hub-parts.ts';

const SCHEDULE = idParameter('id', 'Id of the schedule.', 'standup');

const fields = {
  cron: text('Five fields, or six with seconds first.'),
  timezone: text('By whose clock, an IANA zone. Absent: `hub.timezone`.'),
  notification: ref('NotificationOrder'),
  enabled: { type: 'boolean', description: 'Absent: as it is; of a new one true.' },
  catch_up: text('`latest`: of the times that were missed while nothing ran the last is made up. `none`: none is.'),
} satisfies Record<string, JsonSchema>;

const every: JsonSchema = { ...DURATION, description: 'A second or more, counted from when it was said.' };
const at = text('An instant, or a time of the clock on the wall in its `timezone`: once.');

const order: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'One of `cron`, `every` and `at`, and `notification`.',
  properties: { ...fields, every, at },
};

const { cron, ...always } = fields;
const schedule = record(
  { id: text(''), ...always, notification: { type: 'object' }, created_at: instant(), updated_at: instant() },
  {
    ...{ cron, every: { type: 'number', description: 'Seconds.' }, at: instant() },
    next_at: instant('Absent: it is off, or over.'),
    next: { type: 'array', items: instant(), description: 'The next five times.' },
    last_at: instant(),
    last_notification: text('Id of the notification of the last time.'),
  },
);

const example = {
  ...{ cron: '0 9 * * 1-5', timezone: 'Europe/Berlin' },
  notification: { title: 'Stand-up', message: 'In ten minutes', to: { teams: ['storage'] } },
};

const one = (description: string) => tagged(json(description, ref('Schedule')));

/** What is sent again and again. */
export const schedulesGroup = (): ApiGroup => ({
  tag: {
    name: 'Schedules',
    description: 'Notifications at times of the clock on the wall, each once over all instances.',
    ...guide('hub/schedules', 'Schedules and digests'),
  },
  paths: {
    '/v1/schedules': {
      get: hubOperation({
        operationId: 'listSchedules',
        summary: 'By id',
        takes: ['page'],
        responses: {
          200: json(
            'A page.',
            record({ schedules: { type: 'array', items: ref('Schedule') } }, { next_cursor: text('') }),
          ),
        },
      }),
    },
    '/v1/schedules/{id}': {
      get: hubOperation({
        operationId: 'readSchedule',
        summary: 'One schedule',
        takes: ['known'],
        parameters: [SCHEDULE],
        responses: { 200: one('It.'), 304: { description: 'It is the same.' } },
      }),
      put: hubOperation({
        operationId: 'putSchedule',
        summary: 'Makes or replaces it',
        takes: ['conditions', 'body'],
        parameters: [SCHEDULE],
        requestBody: jsonBody(ref('ScheduleOrder'), { one: { summary: 'On weekdays at nine', value: example } }),
        responses: { 200: one('It was there.'), 201: one('It is new.') },
      }),
      patch: hubOperation({
        operationId: 'patchSchedule',
        summary: 'Changes some of it (RFC 7396)',
        takes: ['conditions', 'body'],
        parameters: [SCHEDULE],
        requestBody: jsonBody(ref('ScheduleOrder'), { pause: { summary: 'Pauses it', value: { enabled: false } } }),
        responses: { 200: one('As it is now.') },
      }),
      delete: hubOperation({
        operationId: 'deleteSchedule',
        summary: 'Deletes it, and takes back what has not left',
        takes: ['conditions'],
        parameters: [SCHEDULE],
        responses: { 204: { description: 'It is not there.' } },
      }),
    },
    '/v1/schedules/{id}/run': {
      post: hubOperation({
        operationId: 'runSchedule',
        summary: 'Sends it now',
        description: 'Also where it is off; it goes on as if that had not been.',
        takes: ['key'],
        parameters: [SCHEDULE],
        responses: {
          202: json(
            'It is in the store.',
            record({ id: text(''), status: text(''), recipients: ref('RecipientTotals') }),
          ),
        },
      }),
    },
  },
  schemas: { Schedule: schedule, ScheduleOrder: order },
});
