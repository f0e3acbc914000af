import { jsonObjectIn } from '../kit/http/answer-form.ts';
import { isObject as isRecord } from '../kit/is-object.ts';
import type { JsonObject } from '../push/push.ts';

/** What is read of an answer of Expo's. */
export interface ExpoAnswer {
  /** Tickets in the order of the tokens; a single one stands alone. */
  readonly data?: unknown;
  readonly errors?: unknown;
}

const isObject = (value: unknown): value is JsonObject => isRecord(value);

/** The JSON object of an answer; undefined for anything else. */
export const answerIn = (body: Buffer): ExpoAnswer | undefined => jsonObjectIn(body);

/** The first of the errors that refuse a whole request. */
export function firstError({ errors }: ExpoAnswer): { readonly code: string; readonly details: unknown } | undefined {
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  if (!isObject(first)) return undefined;
  return { code: typeof first.code === 'string' ? first.code : '', details: first.details };
}

/** Tickets in the order of the tokens; undefined when there is not one for each. */
export function ticketsIn({ data }: ExpoAnswer, count: number): readonly JsonObject[] | undefined {
  const tickets: unknown[] = Array.isArray(data) ? data : [data];
  return tickets.length === count && tickets.every(isObject) ? tickets : undefined;
}

/** Tokens by project, of PUSH_TOO_MANY_EXPERIENCE_IDS; undefined when it names none of them. */
export function projectsIn(details: unknown): readonly ReadonlySet<string>[] | undefined {
  if (!isObject(details)) return undefined;
  const projects = Object.values(details).filter(Array.isArray);
  return projects.length > 1 ? projects.map((tokens) => new Set(tokens.map(String))) : undefined;
}

/** Receipts by id; ids that Expo has nothing about yet are absent. */
export const receiptsIn = ({ data }: ExpoAnswer): ReadonlyMap<string, JsonObject> =>
  new Map(
    Object.entries(isObject(data) ? data : {}).filter((entry): entry is [string, JsonObject] => isObject(entry[1])),
  );
