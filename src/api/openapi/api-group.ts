import type { Config } from '../../config/schema.ts';
import type { ProviderTable } from '../../providers/registry.ts';
import type { JsonSchema } from '../../push/wire/decoding.ts';

/** What the description depends on: where things are served, and what is switched on. */
export interface ApiSettings {
  readonly providers: ProviderTable;
  readonly uris: Config['api'];
  /** Notifications that one request may carry. */
  readonly maxNotifications: number;
  readonly sandbox: boolean;
  /** True: what became of pushes is kept. */
  readonly history: boolean;
  readonly console: boolean;
  /** True: the hub is on. */
  readonly hub: boolean;
  /** True: a person may have a test sent (`hub.test_endpoint`). */
  readonly hubTest: boolean;
  /** True: callers have to say who they are. */
  readonly auth: boolean;
}

export interface Example {
  readonly summary: string;
  readonly value: unknown;
  /** The status that a request like this is answered with, where it is not 200. */
  readonly 'x-status'?: number;
}

export interface MediaType {
  readonly schema: JsonSchema;
  readonly examples?: { readonly [name: string]: Example };
}

export interface DescribedAnswer {
  readonly description: string;
  readonly headers?: { readonly [name: string]: object };
  readonly content?: { readonly [mediaType: string]: MediaType };
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly description: string;
  readonly required?: boolean;
  readonly schema: JsonSchema;
  readonly example?: unknown;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  /** The answer goes on for as long as the client reads it. */
  readonly 'x-endless'?: true;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: { readonly [mediaType: string]: MediaType } };
  readonly responses: { readonly [status: string]: DescribedAnswer };
  /** Made from the table of scopes: groups leave it out. `[]`: no key is needed. */
  readonly security?: readonly { readonly [scheme: string]: readonly string[] }[];
}

/** An operation, and where it is. */
export interface PlacedOperation {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

export type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete';
export type PathItem = { readonly [method in Method]?: Operation };

export interface ApiTag {
  readonly name: string;
  readonly description: string;
  /** The page of docs/ that tells of it, as this server shows it: `guide(…)`. */
  readonly externalDocs: { readonly description: string; readonly url: string };
}

/** @param place the name of a page of docs/, perhaps with a heading of it: `hub/tasks`, `hub#the-inbox` */
export const guide = (place: string, description: string): Pick<ApiTag, 'externalDocs'> => ({
  externalDocs: { description, url: `docs/guides/${place}` },
});

/** The routes of one part, described: each file of this folder makes one. */
export interface ApiGroup {
  /** The heading that its operations stand under. */
  readonly tag: ApiTag;
  readonly paths: { readonly [path: string]: PathItem };
  /** Named shapes: `#/components/schemas/<name>`. */
  readonly schemas?: { readonly [name: string]: JsonSchema };
}

export const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

type Properties = { readonly [name: string]: JsonSchema };

/** An object with all of `required`, and perhaps some of `optional`. */
export const record = (required: Properties, optional: Properties = {}): JsonSchema => ({
  type: 'object',
  properties: { ...required, ...optional },
  required: Object.keys(required),
});

export const text = (description: string, more: JsonSchema = {}): JsonSchema => ({
  type: 'string',
  description,
  ...more,
});
export const count = (description: string): JsonSchema => ({ type: 'integer', minimum: 0, description });
export const number = (description: string): JsonSchema => ({ type: 'number', description });
export const flag = (description: string): JsonSchema => ({ type: 'boolean', description });

/** An answer of JSON. */
export const json = (description: string, schema: JsonSchema, examples?: MediaType['examples']): DescribedAnswer => ({
  description,
  content: { 'application/json': examples ? { schema, examples } : { schema } },
});

/** An answer that is no JSON. */
export const plain = (description: string, mediaType: string, more: JsonSchema = {}): DescribedAnswer => ({
  description,
  content: { [mediaType]: { schema: { type: 'string', ...more } } },
});

/** An answer in the form of every error. */
export const error = (description: string, headers?: DescribedAnswer['headers']): DescribedAnswer => ({
  ...json(description, ref('Error')),
  ...(headers ? { headers } : {}),
});

export const RETRY_AFTER = {
  'Retry-After': {
    description: 'Seconds until it is worth coming again.',
    required: true,
    schema: { type: 'integer', minimum: 0 },
  },
};
