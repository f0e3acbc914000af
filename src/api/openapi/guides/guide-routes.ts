import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { isStranger } from '../../../auth/request-principal.ts';
import { readOwnFile } from '../../../kit/files/own-file.ts';
import { httpStatus } from '../../../kit/http/http-status.ts';
import { late, lateSync } from '../../../kit/late.ts';
import { filesOf, type PageFile, pageFile, sendPageFile } from '../../page-file.ts';
import type { ApiTag } from '../api-group.ts';
import { PAGE_HEADERS, SIGN_IN_HEADERS, signInPage } from '../whole-page.ts';
import { guideGroups } from './guide-index.ts';
import { guidePage } from './guide-page.ts';
import { GUIDE_FILES, INDEX, placeOfGuide, placeOfLink, rootFrom } from './guide-place.ts';
import { renderMarkdown } from './render-markdown.ts';

/** In the repository, the package, the image and the executable alike. */
const DOCS = new URL('../../../../docs/', import.meta.url);

export interface GuideRoutesOptions {
  /** The groups of the API. */
  readonly tags: () => readonly ApiTag[];
  /** The console is served. */
  readonly console: boolean;
}

type Guides = ReadonlyMap<string, () => Promise<PageFile>>;

/** The pages that docs/README.md leads to, and no other file; each is made when it is first asked for. */
function guidesOf({ tags, console }: GuideRoutesOptions): Guides {
  const groups = guideGroups(readOwnFile(new URL(`${INDEX}.md`, DOCS)));
  const names = new Set([INDEX, ...groups.flatMap(({ guides }) => guides.map(({ name }) => name))]);
  const isGuide = (name: string): boolean => names.has(name);
  const make = async (name: string): Promise<PageFile> => {
    const text = readOwnFile(new URL(`${name}.md`, DOCS));
    const rendered = await renderMarkdown(text, (link) => placeOfLink(name, link, isGuide));
    return pageFile('html', guidePage(rendered, { name, groups, tags: tags(), console }));
  };
  return new Map([...names].map((name) => [name, late(`docs/${name}.md`, () => make(name))]));
}

/** By the way from the page to the root, of which there are few. */
function signIns(): (root: string) => PageFile {
  const made = new Map<string, PageFile>();
  return (root) => {
    const known = made.get(root);
    if (known) return known;
    const page = pageFile('html', signInPage(root, 'Guides', 'with the address of this page'));
    made.set(root, page);
    return page;
  };
}

/** What a path names that has the end of a file or of a folder, as links of the repository have; undefined: it has none. */
function meantBy(path: string): string | undefined {
  const name = path.replace(/(?:\.md|\/)$/, '') || INDEX;
  return name === path && path !== INDEX ? undefined : name;
}

const MOVED = 301;

/** From a page to one beside it, so that it holds behind a proxy that adds a path. */
function movedTo(name: string, req: Request, res: Response): void {
  const toRoot = '../'.repeat(req.path.split('/').length - 2);
  const query = /\?.*/s.exec(req.url)?.[0] ?? '';
  res.writeHead(MOVED, { Location: `${toRoot}${placeOfGuide(name)}${query}` }).end();
}

/**
 * `GET /docs/guides`: docs/README.md as a page, and below it the pages that it leads to, with their pictures beside the page of the
 * API. Nothing of it is read before it is asked for. Without a key a page is the body of a 401, and asks for one.
 */
export function guideRoutes(options: GuideRoutesOptions): Router {
  const guides = lateSync('docs/README.md', () => guidesOf(options));
  const files = filesOf<(typeof GUIDE_FILES)[number]>(DOCS);
  const signInOf = signIns();
  const send =
    (name: string): RequestHandler =>
    async (req, res, next) => {
      const guide = guides().get(name);
      if (!guide) next();
      else if (!isStranger(req)) sendPageFile(req, res, await guide(), { headers: PAGE_HEADERS });
      else {
        const page = signInOf(rootFrom(name));
        sendPageFile(req, res, page, { status: httpStatus.unauthenticated, headers: SIGN_IN_HEADERS });
      }
    };
  const router = express.Router({ caseSensitive: true, strict: true });
  router.get('/docs/guides', send(INDEX));
  router.get<{ segments?: string[] }>(['/docs/guides/', '/docs/guides/*segments'], (req, res, next) => {
    const path = (req.params.segments ?? []).join('/');
    const meant = meantBy(path);
    if (meant === undefined) return send(path)(req as Request, res, next);
    if (guides().has(meant)) return movedTo(meant, req as Request, res);
    return next();
  });
  for (const name of GUIDE_FILES)
    router.get(`/docs/${name}`, (req, res) => sendPageFile(req, res, files(name), { headers: PAGE_HEADERS }));
  return router;
}
