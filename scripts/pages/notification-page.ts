import { builtIn, type ProviderTable } from '../../src/providers/registry.ts';
import { cell } from './cell.ts';
import { openApiPage } from './openapi-page.ts';

const HEAD = `# Fields of a notification

<!-- Generated from docs/openapi.json and the table of providers by \`npm run docs\`. -->

What a notification of \`POST /api/push\` may say, for each platform. The same fields, with a machine-readable schema, are in [openapi.json](openapi.json); how a request is
built around them and what is answered is in [http-api.md](http-api.md). Names match in any case. A field that a platform has no use for is left out there and harms nothing, so that
one text can go to all of them. The examples are sent to a relay by the tests; with \`npm start\` they can be pasted:

\`\`\`sh
curl localhost:8088/api/push -H 'content-type: application/json' -d '{"notifications": [{"platform": "android", "tokens": ["a-token"], "message": "Hello"}]}'
\`\`\`
`;

interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly format?: string;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly $ref?: string;
  readonly 'x-platforms'?: readonly string[];
}

interface Example {
  readonly summary: string;
  readonly value: { readonly notifications: readonly { readonly platform: number | string }[] };
}

interface Document {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly paths: Readonly<
    Record<string, { post: { requestBody: { content: Record<string, { examples: Record<string, Example> }> } } }>
  >;
}

type Field = readonly [name: string, schema: Schema];

const refName = ({ $ref = '' }: Schema): string => $ref.slice($ref.lastIndexOf('/') + 1);

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  object: 'object',
};

/** The kind of value in words; `null` counts as absent everywhere and is left out. */
function kindOf(schema: Schema): string {
  if (schema.$ref) return 'object';
  if (schema.anyOf) return [...new Set(schema.anyOf.map(kindOf))].filter((kind) => kind !== '').join(' or ');
  if (schema.type === undefined) return 'text or object';
  const types = [schema.type].flat().filter((type) => type !== 'null');
  return types.map((type) => (type === 'array' ? `list of ${many(schema.items)}` : (WORDS[type] ?? type))).join(' or ');
}

const many = (items: Schema = {}): string => ({ text: 'texts', object: 'objects' })[kindOf(items)] ?? kindOf(items);

/** Names of the fields inside an object, where the description knows them. */
function inside(schema: Schema, schemas: Document['components']['schemas']): string {
  const name = [schema, ...(schema.anyOf ?? [])].map(refName).find((found) => found !== '');
  const properties = name === undefined ? undefined : schemas[name]?.properties;
  return properties
    ? ` Has ${Object.keys(properties)
        .map((field) => `\`${field}\``)
        .join(', ')}.`
    : '';
}

const row = ([name, schema]: Field, schemas: Document['components']['schemas']): string =>
  `| \`${name}\` | ${kindOf(schema)} | ${cell((schema.description ?? '') + inside(schema, schemas))} |`;

const table = (fields: readonly Field[], schemas: Document['components']['schemas']): string[] => [
  '| field | value | meaning |',
  '|---|---|---|',
  ...fields.map((field) => row(field, schemas)),
  '',
];

/** docs/notification.md: each field with its platforms and meaning, and examples by platform. */
export function notificationPage({ rows }: ProviderTable = builtIn): string {
  const { components, paths } = JSON.parse(openApiPage()) as Document;
  const { schemas } = components;
  const fields = Object.entries(schemas.Notification?.properties ?? {});
  const examples = Object.values(paths['/api/push']!.post.requestBody.content['application/json']!.examples);
  const byNumber = [...rows].sort((a, b) => a.number - b.number);
  const shared = fields.filter(([, schema]) => schema['x-platforms'] === undefined);
  const special = fields.filter(([, schema]) => schema['x-platforms'] !== undefined);
  const overview = special.map(
    ([name, schema]) =>
      `| \`${name}\` | ${byNumber.map(({ platform }) => (schema['x-platforms']?.includes(platform) ? '•' : '')).join(' | ')} |`,
  );
  const sections = byNumber.flatMap(({ number, platform, title }) => {
    const shown = examples.filter(({ value }) =>
      value.notifications.every((one) => one.platform === number || one.platform === platform),
    );
    return [
      `## ${title.platform} (\`${platform}\`, ${number})`,
      '',
      ...table(
        special.filter(([, schema]) => schema['x-platforms']?.includes(platform)),
        schemas,
      ),
      ...shown.flatMap(({ summary, value }) => [
        `${summary}:`,
        '',
        '```json',
        JSON.stringify(value, null, 2),
        '```',
        '',
      ]),
    ];
  });
  return [
    HEAD,
    '## On every platform',
    '',
    ...table(shared, schemas),
    '## Which platform has which',
    '',
    `| field | ${byNumber.map(({ platform }) => platform).join(' | ')} |`,
    `|---|${byNumber.map(() => '---|').join('')}`,
    ...overview,
    '',
    ...sections,
  ].join('\n');
}
