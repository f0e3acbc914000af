import { createHash } from 'node:crypto';
import type { OpenApiDocument } from './document.ts';
import { html, type Markup, raw, words } from './html.ts';
import { operationSection } from './operation-section.ts';
import { PAGE_STYLE } from './page-style.ts';
import { sampleLanguages } from './samples/languages.ts';
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
        html`<li><a href="#${operation.operationId}" title="${operation.summary}"><span class="method">${method.toUpperCase()}</span> ${path}</a></li>`,
    );
    return html`<li>${name}<ul>${links}</ul></li>`;
  });
  const shapes = Object.keys(document.components.schemas).map(
    (name) => html`<li><a href="#schema-${name}">${name}</a></li>`,
  );
  return html`<nav aria-label="Contents"><ul>${groups}<li>Shapes<ul>${shapes}</ul></li></ul></nav>`;
}

/** Not in a template: a bundler writes those with the end of a script in another way, which needs a package of its own. */
const SCRIPT = raw('<script type="module" src="docs/docs.js"></script>');

/** What both pages hold, and the script behind them. Paths are relative: a proxy may serve all of it below another path. */
const wholePage = (title: string, body: Markup): Markup => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${raw(PAGE_STYLE)}</style>
${SCRIPT}
</head>
${body}
</html>
`;

/**
 * Nothing from elsewhere, no script in the page itself, no framing; and one place alone, the sign-in, makes markup of a text: of
 * this page, as this server sent it.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(PAGE_STYLE).digest('base64')}'`,
  "script-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types martlet-docs',
].join('; ');

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
    ({ name, description }) =>
      html`<div class="group"><h2>${name}</h2><p>${words(description)}</p>${operationsOf(document, name).map((one) => operationSection(one, ORIGIN))}</div>`,
  );
  const shapes = Object.entries(components.schemas).map(([name, schema]) => schemaSection(name, schema));
  return wholePage(
    `${info.title} ${info.version}: HTTP API`,
    html`<body data-sandbox="${String(sandbox)}">
<a class="skip" href="#main">Skip to the text</a>
${contents(document)}
<main id="main">
<h1>${info.title} ${info.version}: HTTP API</h1>
<p>${words(info.description)}</p>
<p>For programs: <a href="openapi.json">openapi.json</a>.${console && html` What the relay does: <a href="console">the console</a>.`}</p>
<form class="tools" id="tools" role="search" hidden><label>Search <input type="search" id="search" autocomplete="off" spellcheck="false" aria-describedby="found"></label> ${languages} <span id="found" role="status"></span></form>
${sections}
<div class="group"><h2>Shapes</h2>
${shapes}</div>
</main>
</body>`,
  ).text;
}

/** What a browser gets that has not said who it is. */
export const signInPage = (): string =>
  wholePage(
    'Martlet: HTTP API',
    html`<body>
<main id="main">
<h1>HTTP API</h1>
<p>This relay wants an API key with the scope <code>read</code> (<code>auth.keys</code>).</p>
<form id="sign-in"><label>API key <input type="password" id="key" autocomplete="current-password" required></label> <button>Show the API</button> <p id="why" role="alert"></p></form>
<noscript><p>Without scripts: <code>curl -H "authorization: Bearer $MARTLET_API_KEY" ${ORIGIN}/docs</code></p></noscript>
</main>
</body>`,
  ).text;
