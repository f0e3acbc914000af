import { createHash } from 'node:crypto';
import type { OpenApiDocument } from './document.ts';
import { html, type Markup, raw, words } from './html.ts';
import { operationSection } from './operation-section.ts';
import { PAGE_STYLE } from './page-style.ts';
import { schemaSection } from './schema-section.ts';

/** Stands for `http://host:port` until a request names it. */
export const ORIGIN = '{{origin}}';

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
        html`<li><a href="#${operation.operationId}"><span class="method">${method.toUpperCase()}</span> ${path}</a></li>`,
    );
    return html`<li>${name}<ul>${links}</ul></li>`;
  });
  const shapes = Object.keys(document.components.schemas).map(
    (name) => html`<li><a href="#schema-${name}">${name}</a></li>`,
  );
  return html`<nav aria-label="Contents"><ul>${groups}<li>Shapes<ul>${shapes}</ul></li></ul></nav>`;
}

/**
 * The description as one page without scripts, and the policy that holds the browser to that. `ORIGIN` in it is to be replaced
 * by where the server was reached.
 */
export function referencePage(document: OpenApiDocument): { readonly html: string; readonly policy: string } {
  const { info, tags, components } = document;
  const sections = tags.map(
    ({ name, description }) =>
      html`<h2>${name}</h2><p>${words(description)}</p>${operationsOf(document, name).map((one) => operationSection(one, ORIGIN))}`,
  );
  const shapes = Object.entries(components.schemas).map(([name, schema]) => schemaSection(name, schema));
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${info.title} ${info.version}: HTTP API</title>
<style>${raw(PAGE_STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
${contents(document)}
<main id="main">
<h1>${info.title} ${info.version}: HTTP API</h1>
<p>${words(info.description)}</p>
<p>For programs: <a href="openapi.json">openapi.json</a>.</p>
${sections}
<h2>Shapes</h2>
${shapes}
</main>
</body>
</html>
`;
  const hash = createHash('sha256').update(PAGE_STYLE).digest('base64');
  return {
    html: page.text,
    policy: `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}
