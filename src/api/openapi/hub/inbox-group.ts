import { type ApiGroup, count, flag, guide, json, record, ref, text } from '../api-group.ts';
import { anyObject, DURATION, ETAG, hubOperation, idParameter, instant, jsonBody, USER } from './hub-parts.ts';

const ID = idParameter('id', 'Id of the notification.', 'n1');

const counted = {
  unread: count(''),
  unseen: count(''),
  offset: count('Grows with each change: older counts are to be ignored.'),
};

const counts = record(counted);
const INBOX = '/v1/users/{user}/notifications';

const clearing = {
  clear: flag('The other devices take away what is read; absent: as `hub.clear_on_read`.'),
  device: text('Id of the device on which it was read: it is not told.'),
};

const mark = (operationId: string, what: string): ApiGroup['paths'][string] => ({
  post: hubOperation({
    ...{ operationId, summary: what, takes: ['key'], parameters: [USER, ID] },
    responses: { 200: json('What is left.', ref('InboxCounts')) },
  }),
});

const settingsAnswer = {
  ...json('With the zone of the clock that they hold by.', anyObject()),
  headers: { ETag: { ...ETAG.ETag, required: false } },
};

const paths: ApiGroup['paths'] = {
  [INBOX]: {
    get: hubOperation({
      operationId: 'readInbox',
      summary: 'The inbox, newest first',
      takes: ['page'],
      parameters: [USER],
      responses: {
        200: json(
          'A page.',
          record({ ...counted, notifications: { type: 'array', items: ref('InboxItem') } }, { next_cursor: text('') }),
        ),
      },
    }),
  },
  [`${INBOX}/read-all`]: {
    post: hubOperation({
      operationId: 'readAll',
      summary: 'Marks all as read',
      takes: ['key', 'body'],
      parameters: [USER],
      requestBody: jsonBody(
        record({}, { before: instant('Nothing that is newer.'), ...clearing }),
        { all: { summary: 'All', value: {} } },
        false,
      ),
      responses: { 200: json('What is left.', ref('InboxCounts')) },
    }),
  },
  [`${INBOX}/{id}`]: {
    get: hubOperation({
      operationId: 'readInboxItem',
      summary: 'One, also with what a push did not carry',
      parameters: [USER, ID],
      responses: { 200: json('As its person sees it.', ref('InboxItem')) },
    }),
    delete: hubOperation({
      operationId: 'removeInboxItem',
      summary: 'Takes one out of the inbox',
      parameters: [USER, ID],
      responses: { 204: { description: 'It is not in it.' } },
    }),
  },
  [`${INBOX}/{id}/ack`]: mark('acknowledge', 'Acknowledges one: what waited for that is not sent'),
  [`${INBOX}/{id}/seen`]: mark('markSeen', 'Marks one as seen'),
  [`${INBOX}/{id}/read`]: {
    post: hubOperation({
      ...{ operationId: 'markRead', summary: 'Marks one as read: nothing more of it is sent' },
      ...{ takes: ['key', 'body'], parameters: [USER, ID] },
      requestBody: jsonBody(
        record({}, clearing),
        { clear: { summary: 'And takes it away on the other devices', value: { clear: true } } },
        false,
      ),
      responses: { 200: json('What is left.', ref('InboxCounts')) },
    }),
  },
  '/v1/users/{user}/settings': {
    get: hubOperation({
      ...{
        operationId: 'readSettings',
        summary: 'What a person wants to hear',
        takes: ['known'],
        parameters: [USER],
      },
      responses: { 200: settingsAnswer, 304: { description: 'They are the same.' } },
    }),
    put: hubOperation({
      ...{
        operationId: 'replaceSettings',
        summary: 'Replaces them',
        takes: ['conditions', 'body'],
        parameters: [USER],
      },
      requestBody: jsonBody(anyObject('docs/hub/settings.md'), {
        night: {
          summary: 'Quiet at night',
          value: { quiet_hours: { start: '22:00', end: '07:00' } },
          'x-status': 201,
        },
      }),
      responses: { 200: settingsAnswer, 201: settingsAnswer },
    }),
    patch: hubOperation({
      ...{
        operationId: 'changeSettings',
        summary: 'Changes some of them (RFC 7396)',
        takes: ['conditions', 'body'],
        parameters: [USER],
      },
      requestBody: jsonBody(anyObject(), { off: { summary: 'No mail', value: { channels: { email: false } } } }),
      responses: { 200: settingsAnswer },
    }),
  },
  '/v1/users/{user}/snooze': {
    post: hubOperation({
      ...{
        operationId: 'snooze',
        summary: 'Holds everything for a while',
        takes: ['key', 'body'],
        parameters: [USER],
      },
      requestBody: jsonBody(
        record({ until: { anyOf: [DURATION, instant()] } }, { on_end: text('`release`, `digest`, `clear`.') }),
        { hour: { summary: 'For an hour', value: { until: '1h' } } },
      ),
      responses: { 200: settingsAnswer },
    }),
    delete: hubOperation({
      ...{ operationId: 'wake', summary: 'Ends a snooze now', parameters: [USER] },
      responses: { 200: settingsAnswer },
    }),
  },
};

const schemas: ApiGroup['schemas'] = {
  InboxCounts: counts,
  InboxItem: record(
    { id: text(''), type: text(''), priority: text(''), data: anyObject(), created_at: instant() },
    {
      ...{
        title: text(''),
        message: text(''),
        url: text(''),
        image: text(''),
        actions: { type: 'array', items: anyObject() },
      },
      ...{ seen_at: instant(), read_at: instant(), held_until: instant('It is held for other channels until then.') },
      unreadable: flag('What it said is damaged.'),
    },
  ),
};

/** What a person sees and sets. */
export const inboxGroup = (): ApiGroup => ({
  tag: {
    name: 'Inbox and settings of a person',
    description:
      "Everything that was for a person, whatever the channel; what the person wants to hear, when and by which way. Also with the person's own token.",
    ...guide('hub/settings', 'Settings and quiet hours'),
  },
  paths,
  schemas,
});
