import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GUIDE_FILES, placeOfGuide } from '../../../../src/api/openapi/guides/guide-place.ts';
import { type SandboxedRelay, startSandboxedRelay } from '../sandboxed-relay.ts';

const docs = fileURLToPath(new URL('../../../../docs/', import.meta.url));
const names = globSync(['*.md', 'hub/*.md'], { cwd: docs }).map((file) => file.replace(/\.md$/, ''));

interface Shown {
  readonly status: number;
  readonly text: string;
  readonly ids: readonly string[];
}

const pick = (text: string, pattern: RegExp): string[] =>
  Array.from(text.matchAll(pattern), ([, found]) => found as string);

describe('pages of docs/ as they are served', () => {
  let relay: SandboxedRelay;
  const shown = new Map<string, Promise<Shown>>();
  beforeAll(async () => {
    relay = await startSandboxedRelay();
  });
  afterAll(() => relay[Symbol.asyncDispose]());

  const show = async (url: string): Promise<Shown> => {
    const response = await fetch(url);
    const text = await response.text();
    return { status: response.status, text, ids: pick(text, / id="([^"]+)"/g) };
  };
  const at = (url: string): Promise<Shown> => {
    const known = shown.get(url) ?? show(url);
    shown.set(url, known);
    return known;
  };
  const urlOf = (name: string): string => `${relay.url}/${placeOfGuide(name)}`;

  /** Each link, picture and script of a page that leads to nothing of this relay. */
  async function deadEnds(url: string): Promise<string[]> {
    const { text } = await at(url);
    const links = new Set(pick(text, / (?:href|src|srcset)="([^"]+)"/g));
    const dead: string[] = [];
    for (const link of links) {
      const target = new URL(link, url);
      const { hash } = target;
      target.hash = '';
      if (target.origin !== relay.url) continue;
      const { status, ids } = await at(target.href);
      if (status !== 200 || (hash !== '' && !ids.includes(decodeURIComponent(hash.slice(1))))) dead.push(link);
    }
    return dead;
  }

  test.each(names)('%s is there, whole, and each of its links leads somewhere', async (name) => {
    const { status, text, ids } = await at(urlOf(name));
    expect(status).toBe(200);
    expect(ids).toHaveLength(new Set(ids).size);
    const [title = ''] = /^# .*$/m.exec(readFileSync(join(docs, `${name}.md`), 'utf8')) ?? [];
    expect(pick(text, /<h1[^>]*>(.*?)<\/h1>/gs)).toHaveLength(1);
    expect(text).toContain(`<title>${title.slice(2).replaceAll('`', '').replaceAll("'", '&#39;')} · Martlet</title>`);
    expect(text).not.toMatch(/<script(?! type="module" src=")|<[^>]* on\w+=|<[^>]* style=/);
    expect(await deadEnds(urlOf(name))).toEqual([]);
  });

  test('the page of the API leads to them, and to the one of each group, which leads back', async () => {
    expect(await deadEnds(`${relay.url}/docs`)).toEqual([]);
    const { text } = await at(`${relay.url}/docs`);
    expect(text).toContain('<a href="docs/guides">the guides</a>');
    const groups = [...text.matchAll(/<h2 id="(group-[^"]+)">.*?Guide: <a href="([^"]+)">/gs)];
    expect(groups.length).toBe(relay.document.tags.length);
    for (const [, id, guide] of groups)
      expect((await at(new URL((guide as string).split('#')[0] as string, `${relay.url}/docs`).href)).text).toContain(
        `docs#${id}"`,
      );
  });

  test('a page comes with the headers of the page of the API, and not again while it is the same', async () => {
    const [page, api] = await Promise.all([fetch(urlOf('hub/tasks')), fetch(`${relay.url}/docs`)]);
    for (const name of [
      'cache-control',
      'content-security-policy',
      'x-content-type-options',
      'referrer-policy',
      'vary',
    ])
      expect([name, page.headers.get(name)]).toEqual([name, api.headers.get(name)]);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-encoding')).toBe('gzip');
    const etag = page.headers.get('etag') as string;
    const again = await fetch(urlOf('hub/tasks'), { headers: { 'if-none-match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const head = await fetch(urlOf('hub/tasks'), { method: 'HEAD' });
    expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, etag, '']);
  });

  test('pictures and the file of gRPC are served as they are', async () => {
    for (const name of GUIDE_FILES) {
      const response = await fetch(`${relay.url}/docs/${name}`);
      expect([name, response.status]).toEqual([name, 200]);
      expect(response.headers.get('content-type')).toBe(
        name.endsWith('.png') ? 'image/png' : 'text/plain; charset=utf-8',
      );
      expect(Buffer.from(await response.arrayBuffer()).equals(readFileSync(join(docs, name)))).toBe(true);
    }
  });

  test.each([
    ['/docs/guides/', '/docs/guides'],
    ['/docs/guides/README', '/docs/guides'],
    ['/docs/guides/README.md', '/docs/guides'],
    ['/docs/guides/hub.md', '/docs/guides/hub'],
    ['/docs/guides/hub/', '/docs/guides/hub'],
    ['/docs/guides/hub/tasks.md', '/docs/guides/hub/tasks'],
    ['/docs/guides/hub/tasks/?theme=dark', '/docs/guides/hub/tasks?theme=dark'],
  ])('%s, as links of the repository are, leads to %s', async (path, place) => {
    const response = await fetch(relay.url + path, { redirect: 'manual' });
    expect(response.status).toBe(301);
    const location = response.headers.get('location') as string;
    expect(new URL(location, relay.url + path).href).toBe(relay.url + place);
    // Behind a proxy that adds a path, it is below that.
    expect(new URL(location, `http://proxy/relay${path}`).href).toBe(`http://proxy/relay${place}`);
  });

  test.each([
    '/docs/guides/none.md',
    '/docs/guides/none/',
    '/docs/guides/faq//',
    '/docs/guides/..%2f..%2fREADME.md',
    '/docs/guides/FAQ',
    '/docs/Guides/faq',
    '/docs/guides/adr/0001-dependencies',
    '/docs/guides/../../package.json',
    '/docs/guides/..%2f..%2fREADME',
    '/docs/guides/%2e%2e/%2e%2e/README',
    '/docs/guides/hub/..%2ffaq',
    '/docs/guides/__proto__',
    '/docs/guides/openapi.json',
    '/docs/images/',
    '/docs/images/person-page.png',
    '/docs/images/..%2fREADME.md',
    '/docs/README.md',
  ])('%s is no page', async (path) => {
    const response = await fetch(relay.url + path, { redirect: 'manual' });
    expect(response.status).toBe(404);
  });
});

test('with keys a page asks for one of the scope read, and what holds nothing of this relay does not', async () => {
  const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');
  const keys = {
    reader: { sha256: sha256('read-key'), scopes: ['read'] },
    shop: { sha256: sha256('push-key'), scopes: ['push'] },
  };
  await using relay = await startSandboxedRelay({ auth: { keys } }, { 'x-api-key': 'read-key' });
  const status = async (path: string, headers = {}) => (await fetch(relay.url + path, { headers })).status;
  for (const path of ['/docs/guides', '/docs/guides/faq', '/docs/guides/hub/tasks']) {
    const asked = await fetch(relay.url + path);
    expect([asked.status, asked.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="martlet"']);
    const text = await asked.text();
    expect(text).toContain('<form id="sign-in">');
    const [script = ''] = pick(text, /<script[^>]* src="([^"]+)"/g);
    expect(new URL(script, relay.url + path).pathname).toBe('/docs/docs.js');
    expect(await status(path, { 'x-api-key': 'push-key' })).toBe(403);
    expect(await status(path, { 'x-api-key': 'wrong' })).toBe(401);
    expect(await status(path, { 'x-api-key': 'read-key' })).toBe(200);
  }
  expect(await status('/docs/guides/none')).toBe(404);
  for (const name of GUIDE_FILES) expect([name, await status(`/docs/${name}`)]).toEqual([name, 200]);
});
