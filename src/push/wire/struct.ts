import type { Json, JsonObject } from '../push.ts';
import { isJsonObject } from '../raw-json.ts';
import type { Decode, Decoding, JsonSchema } from './decoding.ts';
import { decoder, locate, mismatch, mistake } from './decoding.ts';
import { anything } from './go-types.ts';
import { nullable } from './nullable.ts';

type Fields = Readonly<Record<string, Decode>>;

/** Letters that Unicode folds onto `s` and `k` count as these: encoding/json compares so. */
const fold = (key: string): string => key.toLowerCase().replaceAll('ſ', 's');

/** A struct's fields, found as encoding/json finds them: by the exact name, else ignoring case. */
class FieldTable {
  readonly #exact: ReadonlyMap<string, Decode>;
  readonly #folded: ReadonlyMap<string, string>;
  readonly #longest: number;

  constructor(fields: Fields) {
    const names = Object.keys(fields);
    this.#exact = new Map(Object.entries(fields));
    this.#folded = new Map(names.map((name) => [fold(name), name]));
    this.#longest = Math.max(...names.map((name) => name.length));
  }

  decoder(name: string): Decode | undefined {
    return this.#exact.get(name);
  }

  /** The name of the field that `key` means. */
  nameOf(key: string): string | undefined {
    if (this.#exact.has(key)) return key;
    return key.length > this.#longest ? undefined : this.#folded.get(fold(key));
  }
}

function decodeField(decode: Decode, name: string, value: Json, decoding: Decoding): Json | undefined {
  const before = decoding.mistakes.length;
  const decoded = decode(value, decoding);
  if (decoding.mistakes.length > before) locate(decoding, before, name);
  return decoded;
}

/** Other keys are taken as well: a struct ignores them, an open one keeps them. */
const schemaOf = (fields: Fields): JsonSchema => ({
  type: 'object',
  properties: Object.fromEntries(Object.entries(fields).map(([name, { schema }]) => [name, nullable(schema)])),
});

/** A Go struct: canonical keys, unknown ones dropped, null like absent. */
export function struct(fields: Fields): Decode {
  const table = new FieldTable(fields);
  return decoder(schemaOf(fields), (value, decoding) => {
    if (!isJsonObject(value)) return mismatch(decoding, 'an object', value);
    let copy: JsonObject | undefined;
    for (const key in value) {
      const element = value[key] as Json;
      const exact = table.decoder(key);
      const name = exact ? key : table.nameOf(key);
      const decode = exact ?? (name === undefined ? undefined : table.decoder(name));
      const decoded =
        decode === undefined || element === null ? undefined : decodeField(decode, name as string, element, decoding);
      if (copy === undefined && name === key && decoded === element) continue;
      copy ??= copyUpTo(value, key);
      if (decoded !== undefined) copy[name as string] = decoded;
    }
    return copy ?? value;
  });
}

/** The keys before `end`, all of them names of fields. */
function copyUpTo(source: JsonObject, end: string): JsonObject {
  const copy: JsonObject = {};
  for (const key in source) {
    if (key === end) break;
    copy[key] = source[key];
  }
  return copy;
}

/**
 * A struct of Google's Go client that keeps custom keys beside its own. It keeps as custom whatever its own fields would not
 * write: null, empty values, and a field's name in another case (which sets the field as well, and so is sent twice).
 */
export function openStruct(fields: Fields): Decode {
  const table = new FieldTable(fields);
  return decoder(schemaOf(fields), (value, decoding) => {
    if (!isJsonObject(value)) return mismatch(decoding, 'an object', value);
    let copy: JsonObject | undefined;
    for (const key in value) {
      const element = value[key] as Json;
      if (element === null) continue;
      const name = table.nameOf(key) ?? key;
      const decoded = decodeField(table.decoder(name) ?? anything, name, element, decoding);
      if (isEmpty(decoded) || (name === key && decoded === element)) continue;
      copy ??= { ...value };
      copy[name] = decoded;
    }
    return copy ?? value;
  });
}

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined || value === '' || value === false || (Array.isArray(value) && value.length === 0);

/** `decode`, and a mistake for each of `names` that its object lacks. */
export function withRequired(decode: Decode, names: readonly string[]): Decode {
  return decoder(requiring(decode.schema, names), (value, decoding) => {
    const before = decoding.mistakes.length;
    const decoded = decode(value, decoding);
    if (decoding.mistakes.length > before) return undefined;
    for (const name of names) {
      if ((decoded as JsonObject)[name] === undefined) {
        const count = decoding.mistakes.length;
        mistake(decoding, 'is required');
        locate(decoding, count, name);
      }
    }
    return decoded;
  });
}

/** A required field is not nullable: null is like absent. */
function requiring(schema: JsonSchema, names: readonly string[]): JsonSchema {
  const properties = { ...(schema.properties as Record<string, JsonSchema>) };
  for (const name of names) properties[name] = { ...properties[name], type: [properties[name]?.type].flat()[0] };
  return { ...schema, properties, required: names };
}
