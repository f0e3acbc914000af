import type { OpenApiDocument } from './document.ts';
import { html, type Markup, words } from './html.ts';
import { operationSection } from './operation-section.ts';
import { sampleLanguages } from './samples/languages.ts';
import { schemaSection } from './schema-section.ts';
import { wholePage } from './whole-page.ts';

/** Stands for `http://host:port` until a request names it. */
export const ORIGIN = '{{origin}}';

/** The anchor of a group's heading. */
export const groupId = (name: string): string => `group-${name.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;

const operationsOf = ({ paths }: OpenApiDocument, tag: string) =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) =>
      operation.tags.includes(tag) ? [{ path, method, operation }] : [],
    ),
  );

function contents(document: OpenApiDocument): Markup {
  const groups = document.tags.map(({ name }) => {
    const links = operationsOf(document, name).map(
      ({ path, method, operation }) =>
        html`<li><a href="#${operation.operationId}" title="${operation.summary}"><span class="method">${method.toUpperCase()}</span> ${path}</a></li>`,
    );
    return html`<li>${name}<ul>${links}</ul></li>`;
  });
  const shapes = Object.keys(document.components.schemas).map(
    (name) => html`<li><a href="#schema-${name}">${name}</a></li>`,
  );
  return html`<nav aria-label="Contents"><ul>${groups}<li>Shapes<ul>${shapes}</ul></li></ul></nav>`;
}

const languages = html`<label>Samples in <select id="language">${sampleLanguages.map(({ id, name }) => html`<option value="${id}">${name}</option>`)}</select></label>`;

/**
 * The description as one page, which reads without scripts; with them it can be searched, its samples are in several languages and
 * can be copied, and requests can be sent. `ORIGIN` in it is to be replaced by where the server was reached.
 */
export function referencePage(
  document: OpenApiDocument,
  { console, sandbox }: { readonly console: boolean; readonly sandbox: boolean },
): string {
  const { info, tags, components } = document;
  const sections = tags.map(
    ({ name, description, externalDocs: { description: guide, url } }) =>
      html`<div class="group"><h2 id="${groupId(name)}">${name}</h2><p>${words(description)} Guide: <a href="${url}">${guide}</a>.</p>${operationsOf(document, name).map((one) => operationSection(one, ORIGIN))}</div>`,
  );
  const shapes = Object.entries(components.schemas).map(([name, schema]) => schemaSection(name, schema));
  return wholePage(
    '',
    `${info.title} ${info.version}: HTTP API`,
    html`<body data-sandbox="${String(sandbox)}">
<a class="skip" href="#main">Skip to the text</a>
${contents(document)}
<main id="main">
<h1>${info.title} ${info.version}: HTTP API</h1>
<p>${words(info.description)}</p>
<p>To read: <a href="docs/guides">the guides</a>. For programs: <a href="openapi.json">openapi.json</a>.${console && html` What the relay does: <a href="console">the console</a>.`}</p>
<form class="tools" id="tools" role="search" hidden><label>Search <input type="search" id="search" autocomplete="off" spellcheck="false" aria-describedby="found"></label> ${languages} <span id="found" role="status"></span></form>
${sections}
<div class="group"><h2>Shapes</h2>
${shapes}</div>
</main>
</body>`,
  ).text;
}
