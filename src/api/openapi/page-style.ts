/** Of the reference page: one column of contents, one of text; follows the reader's colours and print. */
export const PAGE_STYLE = `
:root { --text: #1c2024; --quiet: #51585f; --ground: #ffffff; --raised: #f4f5f7; --line: #d5d9de; --link: #0b57b7; --required: #8a3b00; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e8eb; --quiet: #a5acb4; --ground: #14171a; --raised: #1f2327; --line: #3a4047; --link: #8ab8ff; --required: #ffb27a; }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; display: grid; grid-template-columns: 17rem minmax(0, 1fr); color: var(--text); background: var(--ground);
  font: 16px/1.55 system-ui, sans-serif; }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1.5rem 1rem; border-right: 1px solid var(--line); background: var(--raised);
  font-size: .875rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav > ul > li { margin-bottom: 1rem; font-weight: 600; }
nav li li { font-weight: 400; overflow-wrap: anywhere; }
nav li li a { display: block; padding: .2rem 0; }
main { max-width: 62rem; padding: 1.5rem 2rem 6rem; overflow-wrap: break-word; }
a { color: var(--link); }
a:focus-visible, pre:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; z-index: 1; padding: .5rem 1rem; background: var(--ground); }
h1 { line-height: 1.2; margin-top: 0; }
h2 { margin-top: 3rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
h3 { margin-top: 2.5rem; font-size: 1.25rem; overflow-wrap: anywhere; }
h3 code, h3 .method { font-size: 1em; }
h4 { margin: 1.5rem 0 .5rem; font-size: 1rem; }
code, pre, .method { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .875em; }
.method { font-weight: 700; }
.required { color: var(--required); font-size: .8rem; font-weight: 400; }
.platforms { color: var(--quiet); font-size: .8rem; }
.platforms::after { content: ":"; }
pre { padding: .8rem 1rem; overflow-x: auto; background: var(--raised); border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .925rem; }
th, td { text-align: left; vertical-align: top; padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line); font-weight: 400; }
.right { text-align: right; }
img { max-width: 100%; height: auto; }
nav a[aria-current] { font-weight: 600; }
thead th { color: var(--quiet); font-weight: 600; }
[hidden] { display: none !important; }
.sample:not([data-language="curl"]), .chosen .sample { display: none; }
.chosen .sample.shown { display: block; }
details { margin: .4rem 0; }
summary { cursor: pointer; color: var(--link); }
label { display: inline-block; margin: 0 1rem .5rem 0; }
input, select, textarea, button { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--quiet); border-radius: 6px; padding: .3rem .6rem; max-width: 100%; }
textarea { display: block; width: 100%; font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .875em; }
button { cursor: pointer; background: var(--raised); }
button:disabled { cursor: progress; color: var(--quiet); }
input:focus-visible, select:focus-visible, textarea:focus-visible, button:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.tools { position: sticky; top: 0; z-index: 1; padding: .75rem 0 .25rem; background: var(--ground); border-bottom: 1px solid var(--line); }
.copy { float: right; margin: .35rem .35rem 0 .5rem; padding: .1rem .5rem; font-size: .8rem; position: relative; }
.try-form { margin-top: .75rem; }
.try-form label { display: block; }
#why { color: var(--required); }
@media (max-width: 50rem) {
  body { display: block; }
  nav { position: static; height: auto; max-height: 40vh; border-right: 0; border-bottom: 1px solid var(--line); }
  main { padding: 1rem; }
}
@media print { nav, .skip { display: none; } body { display: block; } }
`;
