import type { Json, Notification } from '../push.ts';
import type { FieldMistake } from './decoding.ts';
import { holdsMore } from './parse-json.ts';

/** What a body may hold at most, apart from bytes. */
export interface JsonLimits {
  /** Objects and arrays within each other, the body itself included. */
  readonly depth: number;
  /** Keys of all objects together. */
  readonly keys: number;
  /**
   * Targets of all notifications together; default: any number. A body may have as many values as keys and targets: each takes
   * memory a multiple of what it takes in the text.
   */
  readonly targets?: number;
  /** Notifications; of more none is looked at. Default: any number. */
  readonly notifications?: number;
}

/** The limits of the configuration. */
export const jsonLimitsOf = (core: {
  readonly max_json_depth: number;
  readonly max_json_keys: number;
  readonly max_targets: number;
  readonly max_notification: number;
}): JsonLimits => ({
  depth: core.max_json_depth,
  keys: core.max_json_keys,
  targets: core.max_targets,
  notifications: core.max_notification,
});

/** A container that the scan is inside of: what it was found under, and where it is now. */
interface Open {
  readonly isArray: boolean;
  /** The array's current index. */
  index: number;
  /** The object's current key as it stands in the text, quotes included. */
  key: string;
}

/** `{"":0,` */
const SHORTEST_KEY = 5;
/** Longer places do not help. */
const SHOWN_SEGMENTS = 6;
const SHOWN_KEY = 40;

const mayHoldMoreKeys = (text: string, { keys }: JsonLimits): boolean =>
  text.length > keys * SHORTEST_KEY && holdsMore(text, [':'], keys);

/** Of containers and of elements of arrays. */
const mostValues = ({ keys, targets = Number.POSITIVE_INFINITY }: JsonLimits): number => keys + targets;

function mayHoldMoreValues(text: string, limits: JsonLimits): boolean {
  const values = mostValues(limits);
  return text.length > values && holdsMore(text, [',', '[', '{'], values);
}

/** Whether keys and values have to be counted. Nearly every text is too short, or has too few signs, to hold too many. */
export const mayHoldMore = (text: string, limits: JsonLimits): boolean =>
  mayHoldMoreKeys(text, limits) || mayHoldMoreValues(text, limits);

/** Where the targets of a request first go beyond the limit. */
export function findTooManyTargets(
  notifications: readonly Notification[],
  limits: JsonLimits,
): FieldMistake | undefined {
  const { targets: most = Number.POSITIVE_INFINITY } = limits;
  let targets = 0;
  for (const [index, { tokens }] of notifications.entries()) {
    targets += tokens.length;
    if (targets > most) {
      const reason = `is beyond ${most} targets of a request (core.max_targets)`;
      return { path: `notifications[${index}].tokens[${tokens.length - (targets - most)}]`, reason };
    }
  }
  return undefined;
}

/** Whether a parsed text is nested too deeply. Looks only at values of texts with enough brackets for it. */
export const isTooDeep = (text: string, value: Json, { depth }: JsonLimits): boolean =>
  holdsMore(text, ['[', '{'], depth) && isDeeper(value, depth);

/** Recurses as deep as the limit, never as deep as the value. */
function isDeeper(value: Json, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && isDeeper(item, depth - 1)) return true;
    return false;
  }
  for (const key in value) {
    const item = value[key] as Json;
    if (typeof item === 'object' && isDeeper(item, depth - 1)) return true;
  }
  return false;
}

/**
 * Where a text first goes beyond the limits; undefined when it does not. Reads every character, so it is for texts that are
 * suspicious. A text that is no JSON may pass: the parser complains about it.
 */
export function findExcess(text: string, limits: JsonLimits): FieldMistake | undefined {
  const open: Open[] = [];
  const values = { most: mostValues(limits), found: 0 };
  let keys = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    const inner = open.at(-1);
    if (char === '"') {
      const start = at;
      at = endOfString(text, at);
      if (inner && !inner.isArray && isKey(text, at)) {
        inner.key = text.slice(start, at + 1);
        if (++keys > limits.keys)
          return { path: placeOf(open), reason: `is key no. ${keys} (core.max_json_keys is ${limits.keys})` };
      }
    } else if (char === '[' || char === '{') {
      if (open.length === limits.depth)
        return { path: placeOf(open), reason: `is nested deeper than ${limits.depth} (core.max_json_depth)` };
      open.push({ isArray: char === '[', index: 0, key: '' });
      values.found++;
    } else if (char === ']' || char === '}') open.pop();
    else if (char === ',' && inner) {
      inner.index++;
      if (inner.isArray) values.found++;
    }
    if (values.found > values.most)
      return {
        path: placeOf(open),
        reason: `is one value too many: ${values.most} are allowed (core.max_json_keys and core.max_targets)`,
      };
  }
  return undefined;
}

/** Where the string that begins at `start` has its closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function isKey(text: string, quote: number): boolean {
  let at = quote + 1;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++;
  return text[at] === ':';
}

/** `notifications[0].data.a`, and `...` when it goes on. */
function placeOf(open: readonly Open[]): string {
  const shown = open.slice(0, SHOWN_SEGMENTS).map(({ isArray, index, key }, place) => {
    if (isArray) return `[${index}]`;
    return (place > 0 ? '.' : '') + plain(key);
  });
  return shown.join('') + (open.length > SHOWN_SEGMENTS ? '...' : '');
}

function plain(key: string): string {
  try {
    return (JSON.parse(key) as string).slice(0, SHOWN_KEY);
  } catch {
    return '?';
  }
}
