import type { Json, JsonObject } from '../push/push.ts';
import { RpcError } from './rpc-error.ts';

/** google.protobuf.Struct, decoded. */
export interface Struct {
  readonly fields?: Readonly<Record<string, Value>>;
}

/** google.protobuf.Value, decoded; `kind` names the member that is set. */
export interface Value {
  readonly kind?: 'null_value' | 'number_value' | 'string_value' | 'bool_value' | 'struct_value' | 'list_value';
  readonly number_value: number;
  readonly string_value: string;
  readonly bool_value: boolean;
  readonly struct_value: Struct;
  readonly list_value: { readonly values?: readonly Value[] };
}

/** The JSON object that a Struct stands for. @throws RpcError INVALID_ARGUMENT for NaN and infinities, which JSON lacks. */
export function structJson(struct: Struct, path: string): JsonObject {
  // Without a prototype a key named __proto__ is a key like others.
  const object: JsonObject = Object.create(null);
  const { fields = {} } = struct;
  for (const key of Object.keys(fields)) object[key] = valueJson(fields[key] as Value, `${path}.${key}`);
  return object;
}

/** Protobuf's own limit on nesting (100 messages) bounds the recursion. */
function valueJson(value: Value, path: string): Json {
  switch (value.kind) {
    case 'number_value':
      if (Number.isFinite(value.number_value)) return value.number_value;
      throw new RpcError('invalid', `${shortened(path)}: ${value.number_value} is not a JSON number`);
    case 'string_value':
      return value.string_value;
    case 'bool_value':
      return value.bool_value;
    case 'struct_value':
      return structJson(value.struct_value, path);
    case 'list_value':
      return (value.list_value.values ?? []).map((element, index) => valueJson(element, `${path}[${index}]`));
    default:
      return null;
  }
}

/** Of a path made of the caller's keys: the answer has to fit into metadata. */
const MAX_PATH = 200;
const shortened = (path: string): string => (path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path);
