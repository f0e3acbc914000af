import fc, { type Arbitrary } from 'fast-check';
import type { JsonSchema } from '../../../src/push/wire/decoding.ts';

type Named = { readonly [name: string]: JsonSchema };

const MAX_DEPTH = 6;
const MAX_ITEMS = 4;

const numbers = ({ minimum, maximum }: JsonSchema, whole: boolean): Arbitrary<unknown> => {
  const min = (minimum as number | undefined) ?? (whole ? Number.MIN_SAFE_INTEGER : undefined);
  const max = (maximum as number | undefined) ?? (whole ? Number.MAX_SAFE_INTEGER : undefined);
  const small = fc.integer({ min: Math.max(-3, min ?? -3), max: Math.min(9, max ?? 9) });
  if (!whole)
    return fc.oneof(small, fc.double({ noNaN: true, noDefaultInfinity: true, ...(min === undefined ? {} : { min }) }));
  const safe = { min: Math.max(min!, Number.MIN_SAFE_INTEGER), max: Math.min(max!, Number.MAX_SAFE_INTEGER) };
  return fc.oneof(small, fc.integer(safe), fc.constantFrom(min!, max!));
};

const strings = ({ pattern, format }: JsonSchema): Arbitrary<unknown> => {
  if (pattern) return fc.stringMatching(new RegExp(pattern as string));
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  return fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom('', '0', 'true', '__proto__'),
  );
};

/** Values that a schema allows. @param special arbitraries for fields of this name, instead of what their schema says. */
export function schemaArbitrary(
  root: JsonSchema,
  named: Named,
  special: Readonly<Record<string, Arbitrary<unknown>>> = {},
): Arbitrary<unknown> {
  const anything = fc.jsonValue({ maxDepth: 3 });

  const objects = (schema: JsonSchema, depth: number): Arbitrary<unknown> => {
    const properties = Object.entries((schema.properties ?? {}) as Named);
    const required = new Set((schema.required ?? []) as string[]);
    const kept = depth > MAX_DEPTH ? properties.filter(([name]) => required.has(name)) : properties;
    const fields = kept.map(([name, field]) => [name, special[name] ?? of(field, depth + 1)] as const);
    const extra = schema.additionalProperties;
    const own = fc.record(Object.fromEntries(fields), { requiredKeys: [...required] });
    if (properties.length > 0) return own;
    return fc.dictionary(
      fc.string({ maxLength: 8 }),
      typeof extra === 'object' ? of(extra as JsonSchema, depth + 1) : anything,
      { maxKeys: 4 },
    );
  };

  const arrays = (schema: JsonSchema, depth: number): Arbitrary<unknown> =>
    fc.array(of((schema.items ?? {}) as JsonSchema, depth + 1), {
      minLength: (schema.minItems as number | undefined) ?? 0,
      maxLength: Math.min(MAX_ITEMS, (schema.maxItems as number | undefined) ?? MAX_ITEMS),
    });

  const typed = (type: unknown, schema: JsonSchema, depth: number): Arbitrary<unknown> => {
    if (type === 'null') return fc.constant(null);
    if (type === 'boolean') return fc.boolean();
    if (type === 'integer' || type === 'number') return numbers(schema, type === 'integer');
    if (type === 'string') return strings(schema);
    if (type === 'array') return arrays(schema, depth);
    return type === 'object' ? objects(schema, depth) : anything;
  };

  const of = (schema: JsonSchema, depth: number): Arbitrary<unknown> => {
    if (typeof schema.$ref === 'string') return of(named[schema.$ref.split('/').at(-1) as string] as JsonSchema, depth);
    if (schema.enum) return fc.constantFrom(...(schema.enum as unknown[]));
    if ('const' in schema) return fc.constant(schema.const);
    if (Array.isArray(schema.anyOf)) return fc.oneof(...(schema.anyOf as JsonSchema[]).map((kind) => of(kind, depth)));
    const types = [schema.type].flat();
    // Null is one value: it shall not be half of all.
    return fc.oneof(
      ...types.map((type) => ({ weight: type === 'null' ? 1 : 6, arbitrary: typed(type, schema, depth) })),
    );
  };

  return of(root, 0);
}
