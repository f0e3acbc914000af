/** Text that is HTML already. */
export interface Markup {
  readonly text: string;
}

type Part = string | number | undefined | false | Markup | readonly Part[];

const ENTITIES: { readonly [char: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => ENTITIES[char] as string);

function textOf(part: Part): string {
  if (part === undefined || part === false) return '';
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  return 'text' in part ? part.text : part.map(textOf).join('');
}

export const raw = (text: string): Markup => ({ text });

/** A template whose values are escaped, unless they are markup themselves. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Markup =>
  raw(String.raw({ raw: strings }, ...parts.map(textOf)));

/** A description: what stands between backticks is code. */
export const words = (description: string): Markup =>
  raw(
    description
      .split('`')
      .map((piece, i) => (i % 2 === 0 ? escaped(piece) : `<code>${escaped(piece)}</code>`))
      .join(''),
  );
