import { type DescribedAnswer, json, type Operation, type Parameter, RETRY_AFTER, ref } from '../api-group.ts';
import { APP, IDEMPOTENCY_KEY } from './hub-parts.ts';

/** What the operations of other APIs have alike: those of the hub, with errors in a form of their own. */
interface OtherOperation extends Omit<Operation, 'responses'> {
  readonly responses: { readonly [status: string]: DescribedAnswer };
  /** Named shape of the errors. */
  readonly errors: string;
  readonly refuses: readonly RefusedStatus[];
  /** Says which app where the example is of one; default: it has none. */
  readonly app?: string;
}

const TEXTS = {
  400: 'What is wrong with the request, by its fields.',
  403: 'The hub is closed (no keys are configured), or the key or token is not for this, or not for this app.',
  404: 'It is not there, or there is no such app.',
  408: 'The body arrives too slowly.',
  409: 'It is being changed by others, the request with this `Idempotency-Key` is still being done, or the app is one of config.yml.',
  412: 'It is in another version than `If-Match` or `If-None-Match` want.',
  413: 'The body is too long.',
  422: 'The `Idempotency-Key` was used for another body.',
  502: 'At least one push failed for good.',
  503: 'The store cannot be reached, or is off, or the app can push nothing.',
} as const;

export type RefusedStatus = keyof typeof TEXTS;

export const USER_ID: Parameter = {
  name: 'user_id',
  in: 'query',
  description: 'Whose devices; from a back end. With the token of a person it may be left out.',
  schema: { type: 'string' },
  example: 'ada',
};

/** Of every operation with a body. */
export const BODY: readonly RefusedStatus[] = [408, 413];

const described = (status: RefusedStatus, errors: string): DescribedAnswer => ({
  ...json(TEXTS[status], ref(errors)),
  ...(status === 503 ? { headers: { 'Retry-After': { ...RETRY_AFTER['Retry-After'], required: false } } } : {}),
});

export function otherOperation({ errors, refuses, app, parameters = [], ...operation }: OtherOperation): Operation {
  const statuses = [400, 403, 404, 503, ...refuses] as const;
  const refused = Object.fromEntries(statuses.map((status) => [status, described(status, errors)]));
  return {
    ...operation,
    parameters: [...parameters, app === undefined ? APP : { ...APP, example: app }],
    responses: { ...refused, ...operation.responses },
  };
}

/** Of every POST, which takes `Idempotency-Key`. */
export const POSTED: readonly RefusedStatus[] = [...BODY, 409, 422];
export const keyed = (parameters: readonly Parameter[] = []): readonly Parameter[] => [...parameters, IDEMPOTENCY_KEY];
