import type { ApiTag } from '../api-group.ts';
import { html, type Markup } from '../html.ts';
import { groupId } from '../reference-page.ts';
import { wholePage } from '../whole-page.ts';
import type { GuideGroup } from './guide-index.ts';
import { INDEX, placeOfGuide, rootFrom } from './guide-place.ts';
import type { RenderedText } from './render-markdown.ts';

export interface GuideAround {
  /** Of the page: `hub/tasks`. */
  readonly name: string;
  readonly groups: readonly GuideGroup[];
  /** The groups of the API. */
  readonly tags: readonly ApiTag[];
  /** The console is served. */
  readonly console: boolean;
}

const part = (title: string, links: readonly Markup[]): Markup | false =>
  links.length > 0 && html`<li>${title}<ul>${links.map((link) => html`<li>${link}</li>`)}</ul></li>`;

function contents({ headings }: RenderedText, { name, groups, tags, console }: GuideAround): Markup {
  const root = rootFrom(name);
  const link = (place: string, text: string): Markup => html`<a href="${root}${place}">${text}</a>`;
  const elsewhere = [
    ...(name === INDEX ? [] : [link(placeOfGuide(INDEX), 'All guides')]),
    link('docs', 'HTTP API'),
    ...(console ? [link('console', 'Console')] : []),
  ];
  const here = headings.filter(({ depth }) => depth === 2).map(({ id, text }) => html`<a href="#${id}">${text}</a>`);
  const own = placeOfGuide(name);
  const operations = tags
    .filter(({ externalDocs: { url } }) => url.split('#')[0] === own)
    .map((tag) => link(`docs#${groupId(tag.name)}`, tag.name));
  const guides = groups.map(({ title, guides }) =>
    part(
      title,
      guides.map((guide) =>
        guide.name === name
          ? html`<a href="#main" aria-current="page">${guide.title}</a>`
          : link(placeOfGuide(guide.name), guide.title),
      ),
    ),
  );
  return html`<nav aria-label="Contents"><ul>${part('Martlet', elsewhere)}${part('On this page', here)}${part('In the API', operations)}${name !== INDEX && guides}</ul></nav>`;
}

/** A page of docs/ as this server shows it. */
export function guidePage(rendered: RenderedText, around: GuideAround): string {
  const title = rendered.headings[0]?.text ?? around.name;
  return wholePage(
    rootFrom(around.name),
    `${title} · Martlet`,
    html`<body>
<a class="skip" href="#main">Skip to the text</a>
${contents(rendered, around)}
<main id="main">
${rendered.body}
</main>
</body>`,
  ).text;
}
