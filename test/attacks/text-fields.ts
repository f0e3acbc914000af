import type { Json, JsonObject } from '../../src/push/push.ts';
import type { JsonSchema } from '../../src/push/wire/decoding.ts';

type Named = { readonly [name: string]: JsonSchema };

/** A place in a value where a text of any length may stand. */
export interface TextField {
  /** `alert.body`, `tokens[]`, `data{}` (a value of the map), `data{}:` (a key of it). */
  readonly name: string;
  /** The smallest value of the schema that has this text there, required fields besides. */
  readonly value: (text: string) => Json;
}

const MAX_DEPTH = 6;

/** Every field of a schema that takes texts: names of maps, elements of lists, and what takes anything, too. */
export function textFields(root: JsonSchema, named: Named): TextField[] {
  const resolved = (schema: JsonSchema): JsonSchema =>
    typeof schema.$ref === 'string' ? resolved(named[schema.$ref.split('/').at(-1) as string] as JsonSchema) : schema;

  const least = (given: JsonSchema): Json => {
    const schema = resolved(given);
    if (Array.isArray(schema.enum)) return schema.enum[0] as Json;
    const [type] = [schema.type].flat();
    if (type === 'object') return leastObject(schema);
    if (type === 'array') return [];
    if (type === 'integer' || type === 'number') return Math.max(1, (schema.minimum as number | undefined) ?? 1);
    return type === 'boolean' ? true : 'a';
  };
  const leastObject = ({ required = [], properties = {} }: JsonSchema): JsonObject =>
    Object.fromEntries((required as string[]).map((name) => [name, least((properties as Named)[name] ?? {})]));

  const inObject = (schema: JsonSchema, name: string, depth: number): TextField[] => {
    const own = Object.entries((schema.properties ?? {}) as Named).flatMap(([key, field]) =>
      fieldsOf(field, name === '' ? key : `${name}.${key}`, depth + 1).map(({ name: whole, value }) => ({
        name: whole,
        value: (text: string) => ({ ...leastObject(schema), [key]: value(text) }),
      })),
    );
    if (schema.properties) return own;
    const more = typeof schema.additionalProperties === 'object' ? (schema.additionalProperties as JsonSchema) : {};
    return [
      { name: `${name}{}:`, value: (text) => ({ [text]: least(more) }) },
      ...fieldsOf(more, `${name}{}`, depth + 1).map(({ name: whole, value }) => ({
        name: whole,
        value: (text: string) => ({ key: value(text) }),
      })),
    ];
  };

  function fieldsOf(given: JsonSchema, name: string, depth: number): TextField[] {
    if (depth > MAX_DEPTH) return [];
    const schema = resolved(given);
    if (Array.isArray(schema.anyOf)) return (schema.anyOf as JsonSchema[]).flatMap((one) => fieldsOf(one, name, depth));
    const types = [schema.type].flat();
    const found: TextField[] = [];
    if (types.includes('string') || schema.type === undefined) found.push({ name, value: (text) => text });
    if (types.includes('object')) found.push(...inObject(schema, name, depth));
    if (types.includes('array'))
      for (const { name: whole, value } of fieldsOf((schema.items ?? {}) as JsonSchema, `${name}[]`, depth + 1))
        found.push({ name: whole, value: (text) => [value(text)] });
    return found;
  }

  return fieldsOf(root, '', 0);
}

/** Texts that have kept parsers busy: pumped up to the length that is asked for. */
export const SHAPES: Readonly<Record<string, (length: number) => string>> = {
  letters: (length) => 'x'.repeat(length),
  'digits after a colon': (length) => `:${'1'.repeat(length)}x`,
  'digits and dots': (length) => `[${'1.'.repeat(length / 2)}x`,
  'blanks inside': (length) => `x${' \t'.repeat(length / 2)}x`,
  'line ends': (length) => `x${'\r\n'.repeat(length / 2)}x`,
  zeroes: (length) => `1.${'0'.repeat(length)}x`,
  'control characters': (length) => '\u0001\u007f'.repeat(length / 2),
  brackets: (length) => '[{"a":'.repeat(length / 6),
  backslashes: (length) => '\\"'.repeat(length / 2),
  'halves of characters': (length) => '\ud800'.repeat(length),
  'beyond the BMP': (length) => '😀'.repeat(length / 2),
  'percent escapes': (length) => `https://${'%41%'.repeat(length / 4)}`,
  'slashes and dots': (length) => `https://a/${'../'.repeat(length / 3)}`,
  colons: (length) => `https://${'a:@'.repeat(length / 3)}`,
  base64: (length) => `${'QUFB'.repeat(length / 4)}=x`,
  commas: (length) => 'a, '.repeat(length / 3),
};
