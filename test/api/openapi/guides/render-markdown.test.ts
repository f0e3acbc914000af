import { expect, test } from 'vitest';
import { type LinkTarget, renderMarkdown } from '../../../../src/api/openapi/guides/render-markdown.ts';

const placeOf = (link: string): LinkTarget =>
  link.startsWith('../') ? { file: link.slice(3) } : { href: `at/${link}` };
const htmlOf = async (text: string): Promise<string> => (await renderMarkdown(text, placeOf)).body.text;

test('headings have the anchors that GitHub gives them, each once', async () => {
  const { headings, body } = await renderMarkdown(
    '# A `b`: c!\n\n## The end\n\n## The end\n\n### Ünder_score & 2\n',
    placeOf,
  );
  expect(headings).toEqual([
    { id: 'a-b-c', depth: 1, text: 'A b: c!' },
    { id: 'the-end', depth: 2, text: 'The end' },
    { id: 'the-end-1', depth: 2, text: 'The end' },
    { id: 'ünder_score--2', depth: 3, text: 'Ünder_score & 2' },
  ]);
  expect(body.text).toContain('<h1 id="a-b-c">A <code>b</code>: c!</h1>');
});

test('code is text, which the keyboard reaches', async () => {
  expect(await htmlOf('```sh\necho "<b>" & $A\n```\n')).toBe(
    '<pre tabindex="0" role="group" aria-label="sh"><code>echo &quot;&lt;b&gt;&quot; &amp; $A</code></pre>\n',
  );
  expect(await htmlOf('```\nx\n```\n')).toContain('aria-label="Text"');
});

test('a table can be moved sideways; a head without names is none', async () => {
  const table = await htmlOf('| a | n |\n|---|--:|\n| `x` | 1 |\n');
  expect(table).toContain('<thead><tr><th>a</th><th class="right">n</th></tr></thead>');
  expect(table).toContain('<td><code>x</code></td><td class="right">1</td>');
  expect(table).toMatch(/^<div class="scroll" tabindex="0" /);
  expect(await htmlOf('| | |\n|---|---|\n| a | b |\n')).not.toContain('<thead>');
  expect(await htmlOf('| | b |\n|---|---|\n| a | b |\n')).toContain('<thead><tr><td></td><th>b</th></tr></thead>');
});

test('links lead to what is served; what lies in the repository alone is named', async () => {
  expect(await htmlOf('[`a` b](c.md#d)')).toBe('<p><a href="at/c.md#d"><code>a</code> b</a></p>\n');
  expect(await htmlOf('[the chart](../deploy/helm)')).toBe(
    '<p>the chart (in the repository: <code>deploy/helm</code>)</p>\n',
  );
  expect(await htmlOf('[`deploy/helm`](../deploy/helm)')).toBe('<p><code>deploy/helm</code> (in the repository)</p>\n');
});

test('pictures are shown from where they are served; of other HTML there is the text', async () => {
  expect(await htmlOf('![a "b"](c.png)')).toBe('<p><img src="at/c.png" alt="a &quot;b&quot;"></p>\n');
  const picture = '<picture>\n  <source media="(x)" srcset="./d.png">\n  <img src="./l.png" alt="A <b>">\n</picture>\n';
  expect(await htmlOf(picture.replace(' <b>', ''))).toBe(
    '<picture>\n  <source media="(x)" srcset="at/./d.png">\n  <img src="at/./l.png" alt="A">\n</picture>\n',
  );
  expect(await htmlOf(picture)).not.toContain('<img');
  expect(await htmlOf('<!-- made by npm run docs -->\n\nx\n')).toBe('<p>x</p>\n');
  expect(await htmlOf('a <img src=x onerror=alert(1)> b\n\n<script>\nalert(1)\n</script>\n')).not.toMatch(
    /<(img|script)/,
  );
});
