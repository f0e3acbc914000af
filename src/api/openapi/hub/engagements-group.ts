import type { JsonSchema } from '../../../push/wire/decoding.ts';
import { type ApiGroup, count, guide, json, record, ref, text } from '../api-group.ts';
import { hubOperation, instant, jsonBody } from './hub-parts.ts';

const engagement: JsonSchema = {
  ...record(
    {
      notification: text('Its id, as `notification_id` in the data of a push.'),
      event: text('`received`, `dismissed`, `opened`, `action`.'),
    },
    {
      user: text("Whose it is; absent: the person's whose token it is, or whose device."),
      device: text('Id of the device: it counts as heard of.'),
      action: text('Of the event `action`: id of the button.'),
      at: instant('When; absent: now. Never before the notification, nor after now.'),
    },
  ),
  additionalProperties: false,
};

const paths: ApiGroup['paths'] = {
  '/v1/engagements': {
    post: hubOperation({
      operationId: 'recordEngagements',
      summary: 'What people do with what they were sent',
      description:
        "One, or a list of up to 500. Each is recorded once, and marks the notification: `received` as acknowledged, `dismissed` as seen, `opened` as read, `action` as acted on. Also with a person's own token.",
      takes: ['key', 'body'],
      requestBody: jsonBody(
        { anyOf: [ref('Engagement'), { type: 'array', items: ref('Engagement'), maxItems: 500 }] },
        {
          opened: { summary: 'A push was opened', value: { notification: 'n1', user: 'ada', event: 'opened' } },
          several: {
            summary: 'Several at once',
            value: [
              { notification: 'n1', user: 'ada', device: 'phone-1', event: 'received', at: '2026-12-01T09:00:00Z' },
              { notification: 'n1', user: 'ada', device: 'phone-1', event: 'action', action: 'ack' },
            ],
          },
        },
      ),
      responses: {
        200: json(
          'Recorded.',
          record({
            recorded: count(''),
            ignored: count('Known already, about what was not sent to that person, or by a device of another one.'),
          }),
        ),
      },
    }),
  },
};

/** What apps tell of notifications. */
export const engagementsGroup = (): ApiGroup => ({
  tag: {
    name: 'Engagements',
    description: 'What people do with what they were sent, as their apps tell it.',
    ...guide('hub#what-people-do-with-it', 'The hub'),
  },
  paths,
  schemas: { Engagement: engagement },
});
