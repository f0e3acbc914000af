import { type ApiGroup, guide, json, record, ref, text } from '../api-group.ts';
import { DURATION, hubOperation, jsonBody, USER } from './hub-parts.ts';

/** Tokens of people, for phones and browsers. */
export const tokensGroup = (): ApiGroup => ({
  tag: {
    name: 'Tokens of people',
    description:
      "A phone or a browser calls the hub with a token of one person of one app. It is for what is that person's own: devices, settings, inbox, presence, streams, engagements.",
    ...guide('authentication#tokens-of-people', 'Who may call'),
  },
  paths: {
    '/v1/users/{user}/tokens': {
      post: hubOperation({
        operationId: 'createUserToken',
        summary: 'A token for one person',
        takes: ['key', 'body'],
        parameters: [USER],
        requestBody: jsonBody(
          ref('NewUserToken'),
          { day: { summary: 'For a day', value: { ttl: '24h' }, 'x-status': 201 } },
          false,
        ),
        responses: {
          201: json('The token. It is shown this once.', ref('UserToken'), {
            token: {
              summary: 'For an hour',
              value: {
                token: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl',
                expires_at: '2026-12-01T10:00:00.000Z',
              },
            },
          }),
        },
      }),
    },
  },
  schemas: {
    NewUserToken: {
      ...record(
        {},
        { ttl: { ...DURATION, description: `How long it is valid, up to 24 h; absent: 1 h. ${DURATION.description}` } },
      ),
      additionalProperties: false,
    },
    UserToken: record({
      token: text('For `Authorization: Bearer`. A JWT, signed with ES256.'),
      expires_at: text('', { format: 'date-time' }),
    }),
  },
});
