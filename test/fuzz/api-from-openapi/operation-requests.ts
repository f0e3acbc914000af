import fc, { type Arbitrary } from 'fast-check';
import type { Operation, Parameter } from '../../../src/api/openapi/api-group.ts';
import type { OpenApiDocument } from '../../../src/api/openapi/document.ts';
import { mutatedJson } from './mutated-json.ts';
import { schemaArbitrary } from './schema-arbitrary.ts';

export interface FuzzRequest {
  /** With the query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Tokens that end in every way there is (docs/sandbox.md), and some that are none. */
const token = fc.oneof(
  fc.constantFrom('sandbox-unregistered', 'sandbox-bad-token', 'sandbox-bad-credential', 'sandbox-wrong-topic'),
  fc.constantFrom('dead0410', 'dead0400', 'a1b2c3d4').map((head) => head.padEnd(64, '0')),
  fc.string({ maxLength: 20 }),
);
const special = {
  app: fc.constantFrom('', 'default', 'nobody'),
  tokens: fc.array(token, { maxLength: 5 }),
  platform: fc.oneof(fc.constantFrom(1, 2, 3), fc.integer({ min: -1, max: 5 })),
};

const inHeader = (text: string): string => text.replaceAll(/[^\x21-\x7e]/g, '.');

/** What the schema allows, the example, and now and then anything. */
function values({ schema, example }: Parameter, document: OpenApiDocument): Arbitrary<string> {
  return fc
    .oneof(
      { weight: 4, arbitrary: schemaArbitrary(schema, document.components.schemas) },
      { weight: 1, arbitrary: fc.constant(example ?? '') },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
    )
    .map((value) => String(value).toWellFormed());
}

function parametersOf(operation: Operation, place: Parameter['in'], document: OpenApiDocument) {
  const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === place);
  return fc.record(
    Object.fromEntries(parameters.map((parameter) => [parameter.name, values(parameter, document)])),
    place === 'path' ? {} : { requiredKeys: parameters.filter(({ required }) => required).map(({ name }) => name) },
  ) as Arbitrary<Record<string, string>>;
}

const targetOf = (path: string, inPath: Record<string, string>, query: Record<string, string>): string => {
  // An empty segment, and one of dots, would be another path.
  const segment = (name: string): string => encodeURIComponent(inPath[name] ?? '').replace(/^\.*$/, 'x');
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => segment(name));
  const pairs = Object.entries(query).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return pairs.length > 0 ? `${filled}?${pairs.join('&')}` : filled;
};

/** Requests for one operation: most as it is described, some not. */
export function operationRequests(
  path: string,
  operation: Operation,
  document: OpenApiDocument,
): Arbitrary<FuzzRequest> {
  const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const described = schema && schemaArbitrary(schema, document.components.schemas, special);
  const body: Arbitrary<string | undefined> = described
    ? fc.oneof(
        described.map((value) => JSON.stringify(value)),
        mutatedJson(described),
      )
    : fc.constant(undefined);
  return fc
    .tuple(
      parametersOf(operation, 'path', document),
      parametersOf(operation, 'query', document),
      parametersOf(operation, 'header', document),
      fc.constantFrom('application/json', 'text/plain', ''),
      body,
    )
    .map(([inPath, query, inHeaders, type, text]) => ({
      target: targetOf(path, inPath, query),
      headers: {
        ...Object.fromEntries(Object.entries(inHeaders).map(([name, value]) => [name, inHeader(value)])),
        ...(type && text !== undefined ? { 'content-type': type } : {}),
      },
      body: text,
    }));
}
