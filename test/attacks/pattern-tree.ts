/** A regular expression taken apart, as far as texts that match a part of it can be made. */
export type Pattern =
  | { readonly kind: 'char'; readonly chars: readonly string[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly ways: readonly Pattern[] }
  | { readonly kind: 'repeat'; readonly part: Pattern; readonly min: number; readonly max: number }
  | { readonly kind: 'nothing' };

/** What a class may stand for: one of each sort that our expressions tell apart. */
const CANDIDATES = [...'0a1AxzeE_F \t\n\r.,:;-+=/\\"\'`%@[]{}()<>|&#?!*~$^\0\x7fé\u2028'];
/** Of each sort, for one class. */
const MOST_CHARS = 4;
const QUANTIFIER = /(?:[*+?]|\{(\d+)(,(\d*))?\})\??/y;
const ATOM =
  /\[(?:\\.|[^\]\\])*\]|\\[pP]\{[^}]*\}|\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\c[A-Z]|\\[1-9]|\\[bB]|\\.|[\^$]|./suy;
const GROUP = /\((?:\?(?::|<?[=!]|<\w+>))?/y;

/** Recursive descent over the source of one expression. */
export function parsePattern({ source, flags }: RegExp): Pattern {
  let at = 0;
  const named = [...new Set(source)];
  const read = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match) at = pattern.lastIndex;
    return match ?? undefined;
  };
  const charsOf = (atom: string): readonly string[] => {
    const exact = new RegExp(`^(?:${atom})$`, flags.replace(/[gy]/g, ''));
    // Characters that the expression names are those that it may begin with once more.
    const matching = (chars: readonly string[]): string[] => chars.filter((char) => exact.test(char));
    return [...matching(named).slice(0, MOST_CHARS), ...matching(CANDIDATES).slice(0, MOST_CHARS)];
  };
  const atomOf = (): Pattern => {
    const [opening] = read(GROUP) ?? [];
    if (opening !== undefined) {
      const inner = choiceOf();
      at++;
      return opening.endsWith('!') ? { kind: 'nothing' } : inner;
    }
    const [atom = ''] = read(ATOM) ?? [];
    if (/^(?:\\[bB1-9]|[\^$])$/.test(atom)) return { kind: 'nothing' };
    return { kind: 'char', chars: charsOf(atom) };
  };
  const partOf = (): Pattern => {
    const part = atomOf();
    const quantifier = read(QUANTIFIER);
    if (!quantifier) return part;
    const [text, least, open, most] = quantifier;
    if (least === undefined) {
      return { kind: 'repeat', part, min: text.startsWith('+') ? 1 : 0, max: text.startsWith('?') ? 1 : Infinity };
    }
    const min = Number(least);
    return { kind: 'repeat', part, min, max: open === undefined ? min : most ? Number(most) : Infinity };
  };
  const sequenceOf = (): Pattern => {
    const parts: Pattern[] = [];
    while (at < source.length && source[at] !== '|' && source[at] !== ')') parts.push(partOf());
    return { kind: 'sequence', parts };
  };
  function choiceOf(): Pattern {
    const ways = [sequenceOf()];
    while (source[at] === '|') {
      at++;
      ways.push(sequenceOf());
    }
    return ways.length === 1 ? (ways[0] as Pattern) : { kind: 'choice', ways };
  }
  return choiceOf();
}

/** A text that the pattern matches. @param pick which of several. */
export function textOf(pattern: Pattern, pick: (count: number) => number): string {
  switch (pattern.kind) {
    case 'char':
      return pattern.chars[pick(pattern.chars.length)] ?? '';
    case 'sequence':
      return pattern.parts.map((part) => textOf(part, pick)).join('');
    case 'choice':
      return textOf(pattern.ways[pick(pattern.ways.length)] as Pattern, pick);
    case 'repeat':
      return textOf(pattern.part, pick).repeat(Math.min(Math.max(pattern.min, 1), pattern.max));
    default:
      return '';
  }
}

/** A text that ends where a part of the pattern may go on for ever. */
export interface Pump {
  readonly before: string;
  readonly again: string;
  /** What would match afterwards. */
  readonly after: string;
}

/** Where an expression could be kept busy: in each of its repetitions, and by beginning it again and again. */
export function pumpsOf(pattern: Pattern, pick: (count: number) => number): Pump[] {
  const pumps: Pump[] = [];
  const visit = (node: Pattern, before: string, after: string): void => {
    if (node.kind === 'choice') for (const way of node.ways) visit(way, before, after);
    if (node.kind === 'repeat') {
      if (node.max > 8) pumps.push({ before, again: textOf(node.part, pick), after });
      visit(node.part, before, after);
    }
    if (node.kind !== 'sequence') return;
    const texts = node.parts.map((part) => textOf(part, pick));
    node.parts.forEach((part, index) => {
      const head = texts.slice(0, index).join('');
      const tail = texts.slice(index + 1).join('');
      if (index > 0) pumps.push({ before, again: head, after });
      visit(part, before + head, tail + after);
    });
  };
  visit(pattern, '', '');
  return pumps.filter(({ again }) => again !== '');
}
