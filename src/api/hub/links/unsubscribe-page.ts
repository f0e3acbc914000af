/** Pages for a person who has followed the link of a mail in a browser. They load nothing and say nothing of who it is. */

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);

const page = (body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Unsubscribe</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.5rem 1rem}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;

/** A link alone changes nothing: programs that look at mails follow it. */
export const askPage = (type: string): string =>
  page(`<h1>Unsubscribe</h1>
<p>Do you want no more mails of the kind “${escaped(type)}”? Others are sent as before.</p>
<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click"><button>Unsubscribe</button></form>`);

export const donePage = (type: string): string =>
  page(`<h1>Unsubscribed</h1>
<p>You get no more mails of the kind “${escaped(type)}”.</p>`);

/** For all pages: nothing is loaded, the form goes to its own address, and no other site learns the link. */
export const PAGE_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Robots-Tag': 'noindex',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
} as const;
