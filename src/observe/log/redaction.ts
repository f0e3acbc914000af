import { occurrences, replaceAt } from '../../kit/text/occurrences.ts';
import type { Notification, Settlement } from '../../push/push.ts';

const MARK = 10;
const STARS = '*'.repeat(MARK);

/** Hides the first and the last ten characters, by position; of a shorter token all. Empty stays empty. */
export function maskToken(token: string): string {
  // Most tokens are ASCII; for the others a character is a code point, so that none is cut in half.
  if (/[^\p{ASCII}]/u.test(token)) return maskCharacters([...token]);
  if (token.length < 2 * MARK) return '*'.repeat(token.length);
  return STARS + token.slice(MARK, -MARK) + STARS;
}

/** A target as a log line has it with `log.hide_token`. */
export function maskedTarget(
  { targets, targetForm }: Pick<Settlement, 'targets' | 'targetForm'>,
  index: number,
): string {
  const target = targets[index] as string;
  return targetForm?.masked?.(target) ?? maskToken(target);
}

const maskCharacters = (characters: string[]): string =>
  characters.length < 2 * MARK ? '*'.repeat(characters.length) : STARS + characters.slice(MARK, -MARK).join('') + STARS;

/** Shorter ones are words like `high`, or a test's `a1`: no secret, and part of many sentences. */
const SHORTEST_TEXT = 5;
const SHORTEST_TOKEN = 8;
/** A provider's error names one value or two, not a hundred. */
const MOST_TEXTS = 1000;

/** Failures of one notification come in many batches. */
const known = new WeakMap<Notification, readonly string[]>();

/** Every text of a notification but its targets, the longest first. No recursion: nesting is the caller's choice. */
function textsOf(notification: Notification): readonly string[] {
  const found = known.get(notification) ?? readTexts(notification);
  known.set(notification, found);
  return found;
}

function readTexts(notification: Notification): readonly string[] {
  const { tokens: _tokens, to: _to, topic: _topic, condition: _condition, ...rest } = notification;
  const texts = new Set<string>();
  const open: unknown[] = [rest];
  while (open.length > 0 && texts.size < MOST_TEXTS) {
    const value = open.pop();
    if (typeof value === 'string' && value.length >= SHORTEST_TEXT) texts.add(value);
    // One by one: a call takes no more arguments than fit on the stack.
    else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) open.push(inner);
  }
  return [...texts].sort((a, b) => b.length - a.length);
}

function without(text: string, part: string, instead: () => string): string {
  const places = occurrences(text, part);
  return places.length === 0 ? text : replaceAt(text, places, part.length, instead());
}

export interface Hidden {
  readonly tokens: boolean;
  readonly messages: boolean;
}

/**
 * Makes a provider's error text fit for a log: providers quote what they refuse. Keeps what it found for a batch, because
 * the failures of a batch mostly have the same text.
 */
export function errorRedactor(
  settlement: Pick<Settlement, 'targets' | 'notification' | 'targetForm'>,
  hidden: Hidden,
): (error: string) => string {
  const known = new Map<string, string>();
  let texts: readonly string[] | undefined;
  const redact = (error: string): string => {
    let clean = error;
    if (hidden.tokens)
      for (const [index, target] of settlement.targets.entries())
        if (target.length >= SHORTEST_TOKEN) clean = without(clean, target, () => maskedTarget(settlement, index));
    if (!hidden.messages) return clean;
    texts ??= textsOf(settlement.notification);
    for (const text of texts) clean = without(clean, text, () => '(redacted)');
    return clean;
  };
  return (error) => {
    if (!hidden.tokens && !hidden.messages) return error;
    let clean = known.get(error);
    if (clean === undefined) {
      clean = redact(error);
      known.set(error, clean);
    }
    return clean;
  };
}
