import type { Json, JsonObject } from './push.ts';

/**
 * A number kept as its digits: what `JSON.rawJSON` makes. `JSON.stringify` writes `rawJSON` as it stands, so an integer that a
 * double cannot hold reaches the provider digit for digit. TypeScript's library does not know these functions yet.
 */
export interface RawJson {
  readonly rawJSON: string;
}

interface RawJsonSupport {
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
}

export const { rawJSON, isRawJSON } = JSON as unknown as RawJsonSupport;

/** Whether a JSON value is an object; a number kept as its digits is not one. */
export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawJSON(value);
