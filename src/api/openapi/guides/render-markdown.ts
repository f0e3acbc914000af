import type { RendererObject, Tokens } from 'marked';
import { late } from '../../../kit/late.ts';
import { html, type Markup, raw } from '../html.ts';

export interface Heading {
  /** The anchor, as GitHub makes it: links in docs/ name these. */
  readonly id: string;
  readonly depth: number;
  readonly text: string;
}

export interface RenderedText {
  readonly headings: readonly Heading[];
  readonly body: Markup;
}

/** Where a link leads to: somewhere that a browser can go, or a file of the repository alone. */
export type LinkTarget = { readonly href: string } | { readonly file: string };

/** A page of docs/ needs it, and nothing else does. */
const loadMarked = late('marked', () => import('marked'));

function anchors(): (heading: string) => string {
  const times = new Map<string, number>();
  return (heading) => {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-');
    const before = times.get(anchor) ?? 0;
    times.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  };
}

const cell = (tag: Markup, inner: string, { align }: Tokens.TableCell): Markup =>
  html`<${tag}${align === 'right' && raw(' class="right"')}>${raw(inner)}</${tag}>`;

/** A picture whose colours are the reader's: what of HTML there is in docs/. */
const isPicture = (text: string): boolean => /^<picture>\s(?:\s*<(?:source|img) [^<>]*>\s)+<\/picture>\s*$/.test(text);

/** What differs from what marked makes by itself. @param headings gets those of the page */
function rendererOf(placeOf: (link: string) => LinkTarget, headings: Heading[]): RendererObject {
  const anchorOf = anchors();
  const urlOf = (link: string): string => {
    const place = placeOf(link);
    return 'href' in place ? place.href : link;
  };
  return {
    heading({ tokens, depth }) {
      const text = this.parser.parseInline(tokens, this.parser.textRenderer);
      const id = anchorOf(text);
      headings.push({ id, depth, text });
      return html`<h${depth} id="${id}">${raw(this.parser.parseInline(tokens))}</h${depth}>\n`.text;
    },
    // As in the page of the API: the keyboard reaches it, and a button copies it.
    code: ({ text, lang }) =>
      html`<pre tabindex="0" role="group" aria-label="${lang || 'Text'}"><code>${text}</code></pre>\n`.text,
    table({ header, rows }) {
      const inner = ({ tokens }: Tokens.TableCell): string => this.parser.parseInline(tokens);
      const isNamed = header.some(({ text }) => text !== '');
      const heads = header.map((each) => cell(raw(each.text === '' ? 'td' : 'th'), inner(each), each));
      const lines = rows.map((row) => html`<tr>${row.map((each) => cell(raw('td'), inner(each), each))}</tr>`);
      return html`<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>${isNamed && html`<thead><tr>${heads}</tr></thead>`}<tbody>${lines}</tbody></table></div>\n`
        .text;
    },
    link({ href, tokens, text }) {
      const inner = raw(this.parser.parseInline(tokens));
      const place = placeOf(href);
      if ('href' in place) return html`<a href="${place.href}">${inner}</a>`.text;
      const { file } = place;
      return html`${inner} (in the repository${text.includes(file) ? '' : html`: <code>${file}</code>`})`.text;
    },
    image: ({ href, text }) => html`<img src="${urlOf(href)}" alt="${text}">`.text,
    html({ text }) {
      if (/^<!--.*-->\s*$/s.test(text)) return '';
      if (!isPicture(text)) return html`${text}`.text;
      return text.replaceAll(/(src|srcset)="([^"]*)"/g, (_, name, link) => html`${name}="${urlOf(link)}"`.text);
    },
  };
}

/** A page of docs/ as HTML. */
export async function renderMarkdown(text: string, placeOf: (link: string) => LinkTarget): Promise<RenderedText> {
  const { Marked } = await loadMarked();
  const headings: Heading[] = [];
  const body = new Marked({ renderer: rendererOf(placeOf, headings) }).parse(text, { async: false });
  return { headings, body: raw(body) };
}
