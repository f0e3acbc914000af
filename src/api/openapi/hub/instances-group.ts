import { type ApiGroup, error, flag, guide, type Parameter, record, text } from '../api-group.ts';

const header = (name: string, description: string, example: string): Parameter => ({
  ...{ name, in: 'header', required: true, description, example },
  schema: { type: 'string' },
});

const wakeUp = record(
  { user: text('App and person.') },
  {
    event: { type: 'object', description: 'What is new; absent: it is to be read.' },
    gone: flag('The person was erased.'),
  },
);

const message = record({
  from: text('The instance that says it, another one after each start.'),
  wakeUps: { type: 'array', items: wakeUp },
});

const paths: ApiGroup['paths'] = {
  '/v1/streams/wake-ups': {
    post: {
      operationId: 'wakeReaders',
      summary: 'One instance tells another whose streams have something new',
      description:
        'With `hub.streams.router: post`. Signed as Standard Webhooks are, with a secret of `hub.streams.peer_secret`, within five minutes of this instance’s clock; one that comes again is heard once. It holds events, and is a hint: what is lost is found in the store a little later.',
      parameters: [
        header('webhook-id', 'Another one for each call.', 'b0ad2cf1-1ca6-4a4b-a2b1-5a3f6c0b54dd'),
        header('webhook-timestamp', 'UNIX seconds.', '1795962000'),
        header('webhook-signature', '`v1,` and the signature; several with a blank between them.', 'v1,signed'),
      ],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: message,
            examples: {
              one: {
                summary: 'Something new for one person, at an instance that has no peers',
                value: { from: '8a1f63b5-6d1d-4bdf-93d4-3a1d7f1a6fd3', wakeUps: [{ user: 'default/ada' }] },
                'x-status': 404,
              },
            },
          },
        },
      },
      responses: {
        204: { description: 'The readers here are woken.' },
        400: error('The body is no message of an instance.'),
        401: error('The call is not signed by a peer, or its time is too far from ours.'),
        404: error('This instance has no peers (`hub.streams.peers`).'),
        408: error('The body arrives too slowly.'),
        413: error('The body is longer than 1 MiB.'),
      },
    },
  },
};

/** What instances of one hub tell each other. */
export const instancesGroup = (): ApiGroup => ({
  tag: {
    name: 'Instances',
    description: 'What instances of one hub tell each other; the signature is the permission.',
    ...guide('hub/streams', 'Live streams'),
  },
  paths,
});
