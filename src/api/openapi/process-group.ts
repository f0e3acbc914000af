import {
  type ApiGroup,
  type ApiSettings,
  count,
  flag,
  guide,
  json,
  type Operation,
  plain,
  record,
  ref,
  text,
} from './api-group.ts';

const status = (description: string) => text(description, { enum: ['pass', 'warn', 'fail'] });

const check = record(
  { name: text('`queue`, a lane such as `default/apns/production`, or `shutdown`.'), status: status('') },
  {
    output: text('One sentence, where it is not `pass`.'),
    last_success: text('When a push was last accepted.', { format: 'date-time' }),
    breaker: text('', { enum: ['closed', 'open', 'half-open'] }),
    sessions: count('Open connections.'),
  },
);

const pageAnswers = (auth: boolean): Operation['responses'] => ({
  200: plain('HTML, without anything from elsewhere.', 'text/html'),
  304: { description: 'The page is as the browser has it.' },
  ...(auth ? { 401: plain('HTML that asks for a key: there is none in the request.', 'text/html') } : {}),
});

const movedPage = {
  description: 'The name has an ending as its file has, or a slash: `hub/tasks.md`, `hub/`. The page is there.',
  headers: { Location: { description: 'The page, from here.', required: true, schema: { type: 'string' } } },
} as const;

/** Who this is, how it is, and this description. */
export const processGroup = ({ uris, auth }: ApiSettings): ApiGroup => ({
  tag: {
    name: 'The process',
    description: 'Who this is, and whether it is well.',
    ...guide('operations', 'Operations'),
  },
  paths: {
    [uris.health_uri]: {
      get: {
        operationId: 'health',
        summary: 'Whether the process lives',
        responses: { 200: { description: 'It does; no body.' } },
      },
      head: {
        operationId: 'healthHead',
        summary: 'Whether the process lives',
        responses: { 200: { description: 'It does; no body.' } },
      },
    },
    '/readyz': {
      get: {
        operationId: 'ready',
        summary: 'Whether pushes can be taken and delivered',
        responses: {
          200: json('Pushes can be taken, and at least one provider can be reached.', ref('Readiness')),
          503: json('Not now; and from the first signal to end on.', ref('Readiness')),
        },
      },
    },
    '/version': {
      get: { operationId: 'version', summary: 'Versions', responses: { 200: json('Versions.', ref('Version')) } },
    },
    '/': {
      get: {
        operationId: 'welcome',
        summary: 'A greeting',
        responses: { 200: json('A greeting.', record({ text: text('') })) },
      },
    },
    '/openapi.json': {
      get: {
        operationId: 'openapi',
        summary: 'This description',
        responses: { 200: json('OpenAPI 3.1.', { type: 'object' }) },
      },
    },
    '/docs': { get: { operationId: 'docs', summary: 'This description as a page', responses: pageAnswers(auth) } },
    '/docs/guides': {
      get: { operationId: 'guides', summary: 'What there is to read, as a page', responses: pageAnswers(auth) },
    },
    '/docs/guides/{page}': {
      get: {
        operationId: 'guide',
        summary: 'A page of the documentation',
        parameters: [
          {
            ...{ name: 'page', in: 'path', description: 'As its file in `docs/`, without the ending: `hub/tasks`.' },
            ...{ required: true, schema: { type: 'string', minLength: 1 }, example: 'troubleshooting' },
          },
        ],
        responses: {
          ...pageAnswers(auth),
          301: movedPage,
          404: plain('There is no such page.', 'text/plain'),
        },
      },
    },
  },
  schemas: {
    Readiness: record({ status: status(''), checks: { type: 'array', items: ref('Check') } }),
    Check: check,
    Version: record(
      { version: text('The version of Gorush that is spoken.'), martlet: text("Martlet's version."), source: text('') },
      { sandbox: flag('True: pushes go to simulated providers.') },
    ),
    Error: record(
      { code: { type: 'integer', description: 'The HTTP status.' }, message: text('') },
      {
        details: {
          type: 'array',
          items: record({ path: text('`notifications[0].badge`; `$` is the whole body.'), reason: text('') }),
          description: 'What is wrong, and where.',
        },
      },
    ),
  },
});
