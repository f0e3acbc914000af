import type { JsonSchema } from '../../../push/wire/decoding.ts';
import {
  type DescribedAnswer,
  error,
  type MediaType,
  type Operation,
  type Parameter,
  RETRY_AFTER,
  text,
} from '../api-group.ts';

/** What the operations of the hub have alike. */

const ID: JsonSchema = { type: 'string', minLength: 1, maxLength: 256 };

/** An id in a path. */
export const idParameter = (name: string, description: string, example: string): Parameter => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: ID,
  example,
});

export const USER = idParameter('user', 'Id of the person.', 'ada');

export const APP: Parameter = {
  name: 'app',
  in: 'query',
  description: 'The app that it is about; absent: that of the key or token, else `default`.',
  schema: { type: 'string' },
};

export const IDEMPOTENCY_KEY: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'The same request with the same key within 24 h is done once, and gets the first answer.',
  schema: { type: 'string', pattern: '^[!-~]{1,255}$' },
};

export const CONDITIONS: readonly Parameter[] = [
  {
    name: 'If-Match',
    in: 'header',
    description: 'Only if it is in this version (its `ETag`); `*`: only if it is there.',
    schema: { type: 'string' },
  },
  { name: 'If-None-Match', in: 'header', description: '`*`: only if it is not there.', schema: { type: 'string' } },
];

const KNOWN: Parameter = {
  name: 'If-None-Match',
  in: 'header',
  description: 'The `ETag` that is known: 304 while it is the same.',
  schema: { type: 'string' },
};

const PAGE: readonly Parameter[] = [
  {
    name: 'limit',
    in: 'query',
    description: 'How many at most.',
    schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
  },
  { name: 'cursor', in: 'query', description: 'The `next_cursor` of the page before.', schema: { type: 'string' } },
];

export const ETAG = { ETag: { description: 'How often it was changed.', required: true, schema: { type: 'string' } } };

const refusals = {
  400: error('The body is not JSON in UTF-8, or the key is for several apps and none is named.'),
  403: error('The hub is closed (no keys are configured), or the key or token is not for this, or not for this app.'),
  404: error('It is not there, or there is no such app.'),
  408: error('The body arrives too slowly.'),
  409: error('It is being changed by others, or the request with this `Idempotency-Key` is still being done.'),
  412: error('It is in another version than `If-Match` or `If-None-Match` want.'),
  413: error('The body is longer than 1 MiB.'),
  422: error(
    'It can be read, and what it says cannot be done: `details` says where. Unknown fields and unknown parameters of the query are named, with those that were probably meant.',
  ),
  503: error('The store of the hub cannot be reached.', RETRY_AFTER),
} as const;

interface HubOperation extends Omit<Operation, 'responses'> {
  readonly responses: { readonly [status: string]: DescribedAnswer };
  /** What it takes beside its own parameters. */
  readonly takes?: readonly ('key' | 'conditions' | 'known' | 'page' | 'body')[];
}

const extra = { key: [IDEMPOTENCY_KEY], conditions: CONDITIONS, known: [KNOWN], page: PAGE, body: [] } as const;

const statusesOf = (takes: NonNullable<HubOperation['takes']>): (keyof typeof refusals)[] => [
  403,
  404,
  422,
  503,
  400,
  ...(takes.includes('body') ? ([408, 413] as const) : []),
  ...(takes.includes('key') ? ([409] as const) : []),
  ...(takes.includes('conditions') ? ([412] as const) : []),
];

/** An operation of the hub, with the parameters and refusals that all have. */
export function hubOperation({ takes = [], parameters = [], responses, ...operation }: HubOperation): Operation {
  const refused = statusesOf(takes).map((status) => [status, refusals[status]]);
  return {
    ...operation,
    parameters: [...parameters, APP, ...takes.flatMap((name) => extra[name])],
    responses: { ...Object.fromEntries(refused), ...responses },
  };
}

export const jsonBody = (
  schema: JsonSchema,
  examples: NonNullable<MediaType['examples']>,
  required = true,
): NonNullable<Operation['requestBody']> => ({ required, content: { 'application/json': { schema, examples } } });

export const DURATION: JsonSchema = {
  type: ['number', 'string'],
  description: 'Seconds, or a text of the units `ms s m h d`: `90`, `"1h30m"`.',
};

export const anyObject = (description = ''): JsonSchema => ({
  type: 'object',
  additionalProperties: true,
  description,
});
export const texts = (description = ''): JsonSchema => ({ type: 'array', items: { type: 'string' }, description });
export const instant = (description = ''): JsonSchema => text(description, { format: 'date-time' });

/** An answer that says in which version the resource is. */
export const tagged = (answer: DescribedAnswer): DescribedAnswer => ({ ...answer, headers: ETAG });
