import { type ApiGroup, error, guide, plain, RETRY_AFTER } from './api-group.ts';

const closed = 'Closed: no key is configured, and the relay is not on loopback alone.';

/** The console in the browser, and what it listens to. */
export const consoleGroup = (): ApiGroup => ({
  tag: {
    name: 'Console',
    description: 'What the relay does, live, in a browser.',
    ...guide('console', 'The console'),
  },
  paths: {
    '/console': {
      get: {
        operationId: 'console',
        summary: 'The console as a page',
        responses: {
          200: plain('HTML.', 'text/html'),
          401: plain('HTML that asks for a key: there is none in the request.', 'text/html'),
          304: { description: 'The page is as the browser has it.' },
          403: plain(closed, 'text/plain'),
        },
      },
    },
    '/v1/console/events': {
      get: {
        operationId: 'consoleEvents',
        summary: 'What the console shows, as server-sent events',
        description:
          'For keys with the scope `read`. One for some apps gets no figures, and needs the hub. The answer does not end. What the events hold is for the console alone, and may change.',
        'x-endless': true,
        responses: {
          200: plain('A stream of events.', 'text/event-stream'),
          403: error(`${closed} Or the key is for some apps only, and the hub is off.`),
          503: error('As many consoles are open as may be, or the process is ending.', RETRY_AFTER),
        },
      },
    },
  },
});
