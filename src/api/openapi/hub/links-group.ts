import { type ApiGroup, error, guide, type Parameter, plain, RETRY_AFTER, record } from '../api-group.ts';

const SIGNED: Parameter = {
  name: 'signed',
  in: 'path',
  required: true,
  description: 'Of the link in a mail: sealed, for one person, channel and type.',
  schema: { type: 'string' },
  example: '1.signed',
};

const refusals = {
  404: error('The relay has not made this link.'),
  503: error('The store of the hub cannot be reached.', RETRY_AFTER),
};

const form = record({ 'List-Unsubscribe': { type: 'string', const: 'One-Click' } });
const examples = { one: { summary: 'As a mail program sends it', value: 'List-Unsubscribe=One-Click' } };

const paths: ApiGroup['paths'] = {
  '/u/{signed}': {
    get: {
      operationId: 'askUnsubscribe',
      summary: 'A page that asks whether mails of a type are still wanted',
      description: 'It changes nothing: programs that look at mails follow links.',
      parameters: [SIGNED],
      responses: { 200: plain('The page.', 'text/html'), ...refusals },
    },
    post: {
      operationId: 'unsubscribe',
      summary: 'Unsubscribes with one click (RFC 8058)',
      description:
        'The next mail of that type to that person ends as `unsubscribed`; other types go on. Again: the same answer. No key, cookie or redirect.',
      parameters: [SIGNED],
      requestBody: {
        required: true,
        content: {
          'application/x-www-form-urlencoded': { schema: form, examples },
          'multipart/form-data': { schema: form },
        },
      },
      responses: {
        200: plain('A page that says so.', 'text/html'),
        400: error('The body is another one.'),
        408: error('The body arrives too slowly.'),
        413: error('The body is longer than 16 KiB.'),
        ...refusals,
      },
    },
  },
};

/** Links in what is sent. */
export const linksGroup = (): ApiGroup => ({
  tag: {
    name: 'Links in mails',
    description: 'What a person reaches by a link; the link itself is the permission.',
    ...guide('hub#who-wants-no-more-of-it', 'The hub'),
  },
  paths,
});
