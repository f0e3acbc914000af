import type { JsonSchema } from '../../../push/wire/decoding.ts';
import { type ApiGroup, flag, guide, json, record, ref, text } from '../api-group.ts';
import { anyObject, hubOperation, idParameter, instant, jsonBody, tagged, texts, USER } from './hub-parts.ts';

const consent: JsonSchema = anyObject(
  'By channel (`email`, `sms`, `slack`): `{granted, at?, source?}`, or `true`. Without it nothing is sent there, unless `hub.consent_required` leaves the channel out.',
);

const details = {
  name: text(''),
  email: text(''),
  phone: text('E.164, with `+`.'),
  slack: text("A channel, a person's id in Slack, or the URL of a webhook."),
  locale: text('BCP 47.'),
  timezone: text('Of the IANA database.'),
  roles: texts(''),
  teams: texts(''),
  data: anyObject("The back end's own."),
  consent,
};

const person = json('The person.', ref('Person'), {
  ada: {
    summary: 'Ada',
    value: {
      ...{ id: 'ada', name: 'Ada', email: 'ada@example.com', timezone: 'Europe/Athens', roles: [], teams: ['red'] },
      ...{ data: {}, consent: { email: { granted: true, at: '2026-12-01T09:00:00.000Z', source: 'api' } } },
      ...{ addresses: { email: { status: 'active' } }, opt_outs: [] },
      ...{ created_at: '2026-12-01T09:00:00.000Z', updated_at: '2026-12-01T09:00:00.000Z' },
    },
  },
});

const TOPIC = idParameter('topic', 'Name of the topic.', 'news');

const userPaths: ApiGroup['paths'] = {
  '/v1/users': {
    get: hubOperation({
      operationId: 'listUsers',
      summary: 'People, by id',
      takes: ['page'],
      parameters: [
        { name: 'team', in: 'query', description: 'Of this team.', schema: { type: 'string' } },
        { name: 'role', in: 'query', description: 'With this role.', schema: { type: 'string' } },
        {
          name: 'q',
          in: 'query',
          description: 'Part of id, name, mail address or telephone number, in any case.',
          schema: { type: 'string' },
        },
      ],
      responses: {
        200: json('A page.', record({ users: { type: 'array', items: ref('Person') } }, { next_cursor: text('') })),
      },
    }),
  },
  '/v1/users/{user}': {
    get: hubOperation({
      operationId: 'readUser',
      summary: 'One person',
      takes: ['known'],
      parameters: [USER],
      responses: { 200: tagged(person), 304: { description: 'It is the same.' } },
    }),
    put: hubOperation({
      operationId: 'replaceUser',
      summary: 'Makes a person, or replaces what is known of one',
      takes: ['conditions', 'body'],
      parameters: [USER],
      requestBody: jsonBody(ref('PersonDetails'), {
        ada: {
          summary: 'Ada',
          value: { name: 'Ada', email: 'ada@example.com', teams: ['red'], consent: { email: true } },
        },
      }),
      responses: { 200: tagged(person), 201: tagged(person) },
    }),
    patch: hubOperation({
      operationId: 'changeUser',
      summary: 'Changes some of it (RFC 7396)',
      takes: ['conditions', 'body'],
      parameters: [USER],
      requestBody: jsonBody(ref('PersonDetails'), {
        zone: { summary: 'Another zone', value: { timezone: 'Europe/Berlin' } },
      }),
      responses: { 200: tagged(person) },
    }),
    delete: hubOperation({
      operationId: 'eraseUser',
      summary: 'Erases everything about a person',
      description:
        'Devices, settings, inbox, what is held, waits or is queued, addresses. Once it is answered nothing that was begun before is sent, by no instance; pushes that had begun to leave are waited for, two seconds at most. Within ten seconds no file of the data folder holds any of it.',
      takes: ['conditions'],
      parameters: [USER],
      responses: {
        200: json(
          'How many of each kind are gone, queued `pushes` among them; `in_flight`: pushes whose outcome had not come after two seconds, and instances that did not answer.',
          record({
            erased: { type: 'object', additionalProperties: { type: 'integer' } },
            in_flight: { type: 'integer', minimum: 0 },
          }),
        ),
      },
    }),
  },
  '/v1/users/{user}/export': {
    get: hubOperation({
      operationId: 'exportUser',
      summary: 'Everything about a person, without tokens',
      parameters: [USER],
      description:
        'One object: `user` (with `opt_outs`), `devices`, `settings`, `topics`, `notifications`, `inbox`, `decisions`, `engagements`, and what other parts keep. It is streamed, so that a long one holds up no one; other people are not in it.',
      responses: { 200: json('By part.', anyObject('')) },
    }),
  },
  '/v1/topics/{topic}': {
    get: hubOperation({
      operationId: 'readTopic',
      summary: 'Who is in a topic',
      takes: ['page'],
      parameters: [TOPIC],
      responses: { 200: json('A page.', record({ topic: text(''), users: texts('') }, { next_cursor: text('') })) },
    }),
  },
  '/v1/topics/{topic}/users/{user}': {
    put: hubOperation({
      operationId: 'joinTopic',
      summary: 'Puts a person into a topic',
      parameters: [TOPIC, USER],
      responses: {
        200: json('The person was in it.', record({ topic: text(''), user: text('') })),
        201: json('The person is in it now.', record({ topic: text(''), user: text('') })),
      },
    }),
    delete: hubOperation({
      operationId: 'leaveTopic',
      summary: 'Takes a person out of a topic',
      parameters: [TOPIC, USER],
      responses: { 204: { description: 'The person is not in it.' } },
    }),
  },
};

/** People, and the topics that they are in. */
export const peopleGroup = (): ApiGroup => ({
  tag: {
    name: 'People',
    description:
      'Who there is and how they are reached. A person is also made by a first device or setting; a send makes no one.',
    ...guide('hub#people-and-devices', 'The hub'),
  },
  paths: userPaths,
  schemas: {
    PersonDetails: { ...record({}, details), additionalProperties: false },
    Person: record(
      {
        id: text(''),
        roles: texts(''),
        teams: texts(''),
        data: anyObject(''),
        consent,
        addresses: anyObject('What is known of each address: `{status, reason?, at?}`.'),
        opt_outs: {
          type: 'array',
          items: record({ channel: text(''), type: text(''), at: instant(''), source: text('') }),
          description: 'Types that the person does not want by a channel any more.',
        },
        created_at: instant(''),
        updated_at: instant(''),
      },
      {
        ...details,
        last_seen_at: instant('When a device of theirs was last heard of.'),
        unreadable: flag('What is kept of name, addresses and data is damaged: replace it, with PUT.'),
      },
    ),
    Device: record(
      {
        id: text(''),
        platform: text(''),
        kind: text('`alert`, `voip`, `liveactivity`.'),
        status: text('`active`, `invalid`, `key_mismatch`, `signed_out`, `stale`.'),
        enabled: flag(''),
        token_mask: text('The end of the token.'),
        fingerprint: text('The same for the same token.'),
        registered_at: instant(''),
        last_seen_at: instant(''),
      },
      {
        ...{
          user: { type: ['string', 'null'] },
          users: texts(''),
          environment: text(''),
          name: text(''),
          model: text(''),
        },
        ...{ os_version: text(''), app_version: text(''), locale: text(''), timezone: text('') },
        ...{ capabilities: anyObject(''), settings: anyObject(''), topics: texts(''), installation_hint: text('') },
        ...{ reason: text('Why it is in that status.'), at: instant('Since when.'), suspect: anyObject('') },
        ...{ created: flag(''), moved: flag('The token was that of another person or row.'), rotated: flag('') },
        removed: texts('Devices that gave way.'),
        unreadable: flag(
          'What is kept of the token is damaged: nothing is sent to it until the app registers once more.',
        ),
      },
    ),
  },
});
