import type { JsonSchema } from '../../push/wire/decoding.ts';

/** What is said of the value, whatever its type. */
const ABOUT = ['description', 'x-platforms', 'x-go-name', 'default'] as const;

/** `{type: ['number', 'string']}` as `{anyOf: [{type: 'number'}, {type: 'string'}]}`; null may stay beside one type. */
function parted(schema: JsonSchema): JsonSchema {
  const types = [schema.type].flat() as unknown[];
  if (types.filter((type) => type !== 'null').length < 2) return schema;
  const { type: _, ...rest } = schema;
  const about = Object.fromEntries(ABOUT.flatMap((name) => (name in rest ? [[name, rest[name]]] : [])));
  const shape = Object.fromEntries(Object.entries(rest).filter(([name]) => !(name in about)));
  return { ...about, anyOf: types.map((type) => ({ ...(type === 'null' ? {} : shape), type })) };
}

/** Generators of clients know no schema of several types (JSON Schema allows it): each gets one, and null where it may be absent. */
export function oneTypeEach<T>(document: T): T {
  if (Array.isArray(document)) return document.map(oneTypeEach) as T;
  if (typeof document !== 'object' || document === null) return document;
  const inner = Object.fromEntries(Object.entries(document).map(([name, value]) => [name, oneTypeEach(value)]));
  return (Array.isArray(inner.type) ? parted(inner as JsonSchema) : inner) as T;
}
