import { createHash } from 'node:crypto';
import { html, type Markup, raw } from './html.ts';
import { PAGE_STYLE } from './page-style.ts';

/**
 * What all pages hold, and the script behind them.
 * @param root from the page to the place where all is served: `''`, `../`. A proxy may serve it below another path, so no path begins with `/`
 */
export const wholePage = (root: string, title: string, body: Markup): Markup => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${root}docs/icon.svg" type="image/svg+xml">
<style>${raw(PAGE_STYLE)}</style>
${scriptAt(root)}
</head>
${body}
</html>
`;

/** Not in a template: a bundler writes those with the end of a script in another way, which needs a package of its own. */
const scriptAt = (root: string): Markup => raw(`<script type="module" src="${root}docs/docs.js"></script>`);

/**
 * Of all pages: nothing from elsewhere, no script in the page itself, no framing; and one place alone, the sign-in, makes markup of a
 * text: of this page, as this server sent it.
 */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(PAGE_STYLE).digest('base64')}'`,
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types martlet-docs',
].join('; ');

export const PAGE_HEADERS = {
  'Cache-Control': 'no-cache',
  'Content-Security-Policy': POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** What a stranger is asked by. Bearer alone: a browser that is offered Basic asks for a password before it shows the page. */
export const SIGN_IN_HEADERS = { ...PAGE_HEADERS, 'WWW-Authenticate': 'Bearer realm="martlet"' };

/** What a browser gets that has not said who it is. @param address of the page, for who has no scripts */
export const signInPage = (root: string, title: string, address: string): string =>
  wholePage(
    root,
    `Martlet: ${title}`,
    html`<body>
<main id="main">
<h1>${title}</h1>
<p>This relay wants an API key with the scope <code>read</code> (<code>auth.keys</code>).</p>
<form id="sign-in"><label>API key <input type="password" id="key" autocomplete="current-password" required></label> <button>Show the page</button> <p id="why" role="alert"></p></form>
<noscript><p>Without scripts: <code>curl -H "authorization: Bearer $MARTLET_API_KEY" ${address}</code></p></noscript>
</main>
</body>`,
  ).text;
