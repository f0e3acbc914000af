import type { Notification } from '../push/push.ts';
import type { QueueEntry } from './queue.ts';

/** Bytes of the heap, roughly: of an entry with all that keeps it, and of a value (an empty object, an element of a list, a short text). */
const ENTRY = 2048;
const VALUE = 64;
/** `{},` is the shortest value that takes so much. */
const SHORTEST_VALUE = 3;
/** Characters whose values are not counted: the most that they can be is little enough. */
const UNCOUNTED = 2048;
/** Quotes and a comma. */
const AROUND_TARGET = 3;

/** Of a body, in its most part targets, the values are counted that were read of it; of another it is cheaper to look at the text. */
const MOSTLY_TARGETS = 1 / 2;

const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;

/** About as many as a JSON text has values: each is followed by a comma, or holds others. */
function valuesIn(text: Uint8Array): number {
  let commas = 1;
  let containers = 1;
  for (let i = 0; i < text.length; i++) {
    const code = text[i];
    if (code === COMMA) commas++;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) containers++;
  }
  return Math.max(commas, containers);
}

/** The values of a notification, those within others too, but for its tokens. */
function valuesOf({ tokens, ...others }: Notification): number {
  let count = 0;
  const open: object[] = [others];
  for (let container = open.pop(); container; container = open.pop())
    for (const value of Object.values(container)) {
      count++;
      if (typeof value === 'object' && value !== null) open.push(value);
    }
  return count;
}

/**
 * What a request takes of the heap while it waits, in bytes. Its size as text says little: 23 MB of `{},` are 500 MB of objects.
 * @param body the request as JSON
 */
export function requestCost(entries: readonly QueueEntry[], body: Uint8Array | string): number {
  let targets = 0;
  let characters = 0;
  for (const { groups } of entries)
    for (const group of groups) {
      targets += group.targets.length;
      for (const target of group.targets) characters += target.length;
    }
  const rest = body.length - characters - targets * AROUND_TARGET;
  const values = valuesBeside(rest, targets, entries, body);
  return entries.length * ENTRY + body.length + VALUE * Math.ceil(targets + Math.max(0, values));
}

/** About as many values as a request has beside its targets, which leave `rest` of its body. */
function valuesBeside(
  rest: number,
  targets: number,
  entries: readonly QueueEntry[],
  body: Uint8Array | string,
): number {
  if (rest <= UNCOUNTED) return rest / SHORTEST_VALUE;
  if (rest <= body.length * MOSTLY_TARGETS)
    return entries.reduce((sum, { notification }) => sum + valuesOf(notification), 0);
  return valuesIn(typeof body === 'string' ? Buffer.from(body) : body) - targets;
}

/** The same of a request whose entries are not made yet. */
export const storedCost = (body: Uint8Array): number => ENTRY + body.length + VALUE * valuesIn(body);

/** A whole number for each: fractions would not add up to nothing again. */
export const costOfEach = (cost: number, entries: readonly unknown[]): number => Math.ceil(cost / entries.length);
