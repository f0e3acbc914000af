import type { JsonSchema } from '../../../push/wire/decoding.ts';
import { type ApiGroup, count, guide, json, record, ref, text } from '../api-group.ts';
import { anyObject, hubOperation, idParameter, instant, jsonBody, tagged, texts } from './hub-parts.ts';

const TASK = idParameter('id', 'Id of the task.', 'T-1');

const fields = {
  title: text('', { maxLength: 2000 }),
  url: text('What a tap opens.', { maxLength: 4096 }),
  state: text('`open`, `in_progress`, `completed` or `cancelled`; absent: as it is.'),
  due_on: text('A date, `2026-12-01`.', { format: 'date' }),
  timezone: text('Where its dates are, an IANA zone. Absent: as `hub.tasks.timezone` has it.'),
  users: texts('Ids of people whose it is.'),
  data: anyObject('Goes along with each notice, up to 1 KiB.'),
};

const order: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...fields,
    due_at: text('An instant, or a time of the clock on the wall in its `timezone`. Excludes `due_on`.'),
    at: instant('When it was so; absent: now. Something later that is known already counts.'),
    by: text('Who did it, and does not hear of it.'),
  },
};

const { url, due_on, timezone, ...always } = fields;
const shown = { id: text(''), ...always, created_at: instant(), updated_at: instant() };
const perhaps = { url, due_on, due_at: instant(), timezone };

const task = record(shown, perhaps);
const changed = record(
  {
    ...shown,
    changed: texts('What people heard of, or would have: `task.assigned`, `.updated`, …'),
    notified: count('People who hear of it, over all notices.'),
  },
  { ...perhaps, reason: text('`stale`: something later is known.') },
);

const example = { title: 'Bleed the radiators', due_on: '2026-12-01', users: ['ada'], data: { house: 7 } };

const answered = (description: string) => tagged(json(description, ref('TaskChanged')));

/** What is to be done, by whom, and until when. */
export const tasksGroup = (): ApiGroup => ({
  tag: {
    name: 'Tasks',
    description: 'People hear of their tasks, and are reminded of them by their dates.',
    ...guide('hub/tasks', 'Tasks and reminders'),
  },
  paths: {
    '/v1/tasks': {
      get: hubOperation({
        operationId: 'listTasks',
        summary: 'By id',
        takes: ['page'],
        parameters: [
          { name: 'state', in: 'query', description: 'In this state only.', schema: { type: 'string' } },
          { name: 'user', in: 'query', description: 'Only those of this person.', schema: { type: 'string' } },
        ],
        responses: {
          200: json('A page.', record({ tasks: { type: 'array', items: ref('Task') } }, { next_cursor: text('') })),
        },
      }),
    },
    '/v1/tasks/{id}': {
      get: hubOperation({
        operationId: 'readTask',
        summary: 'One task',
        takes: ['known'],
        parameters: [TASK],
        responses: { 200: tagged(json('It.', ref('Task'))), 304: { description: 'It is the same.' } },
      }),
      put: hubOperation({
        operationId: 'putTask',
        summary: 'Says all of it',
        description:
          'People hear of what is different from what was known. Fields that are left out are absent, a state stays.',
        takes: ['conditions', 'body'],
        parameters: [TASK],
        requestBody: jsonBody(ref('TaskOrder'), { one: { summary: 'Something to do by a date', value: example } }),
        responses: { 200: answered('It was there.'), 201: answered('It is new.') },
      }),
      delete: hubOperation({
        operationId: 'deleteTask',
        summary: 'Deletes it, and takes back what has not left',
        takes: ['conditions'],
        parameters: [TASK],
        responses: { 204: { description: 'It is not there.' } },
      }),
    },
  },
  schemas: { Task: task, TaskChanged: changed, TaskOrder: order },
});
