import type { JsonSchema } from './decoding.ts';

/** `schema`, or null. */
export function nullable(schema: JsonSchema): JsonSchema {
  const { type, enum: values } = schema;
  if (schema.$ref || schema.anyOf)
    return { anyOf: [...((schema.anyOf as JsonSchema[]) ?? [schema]), { type: 'null' }] };
  if (type === undefined) return schema;
  const types = Array.isArray(type) ? type : [type];
  if (types.includes('null')) return schema;
  return { ...schema, type: [...types, 'null'], ...(values ? { enum: [...(values as unknown[]), null] } : {}) };
}
