import type { PlacedOperation } from '../api-group.ts';

/** Names the API key in the environment, as for the command line. */
export const KEY_VARIABLE = 'MARTLET_API_KEY';

/** A request that a reader can send as it stands. */
export interface RequestSample {
  /** In upper case. */
  readonly method: string;
  readonly url: string;
  /** In the order in which they are written, without the key. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** A key is needed: `Authorization: Bearer` and what the environment has. */
  readonly needsKey: boolean;
  /** What is sent, JSON in lines for a reader; absent: no body. */
  readonly body?: string;
  /** What the body is read from, where it is JSON. */
  readonly json?: unknown;
}

/** The path with the examples of its parameters. */
function target(path: string, { parameters = [] }: PlacedOperation['operation']): string {
  const query = new URLSearchParams();
  let filled = path;
  for (const { name, in: place, example } of parameters) {
    if (place === 'path') filled = filled.replace(`{${name}}`, encodeURIComponent(String(example ?? name)));
    else if (place === 'query' && example !== undefined) query.set(name, String(example));
  }
  return query.size > 0 ? `${filled}?${query}` : filled;
}

const neededHeaders = ({ parameters = [] }: PlacedOperation['operation']): [string, string][] =>
  parameters
    .filter(({ in: place, required }) => place === 'header' && required)
    .map(({ name, example }) => [name, String(example)]);

/** @param value the example of a body; undefined: none */
export function requestSample(
  { path, method, operation }: PlacedOperation,
  origin: string,
  value?: unknown,
): RequestSample {
  const [type] = Object.keys(operation.requestBody?.content ?? {});
  const isText = typeof value === 'string' && type !== 'application/json';
  return {
    method: method.toUpperCase(),
    url: origin + target(path, operation),
    headers: [
      ...(value === undefined || type === undefined ? [] : [['content-type', type] as const]),
      ...neededHeaders(operation),
    ],
    needsKey: (operation.security?.length ?? 0) > 0,
    ...(value === undefined ? {} : { body: isText ? value : JSON.stringify(value, null, 2) }),
    ...(value === undefined || isText ? {} : { json: value }),
  };
}
