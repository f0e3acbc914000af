import { byId, h } from './dom.js';

/**
 * @typedef {object} Page one tab of the console; another is a row here, a `<section id="page-NAME">` in index.html or made by its file, and its own file
 * @property {string} name in the address: `#page=pushes`
 * @property {string} title of its tab
 * @property {boolean} [isWide] without the column to the right
 * @property {() => void} [enter] it is shown from now on
 * @property {(asked: URLSearchParams) => void} [follow] what the address asks of it, after `enter` and whenever that changes
 * @property {() => void} [leave]
 */

/** @type {Page[]} */
const pages = [];
/** @type {Page | undefined} */
let current;

/** @param {Page} page */
export function registerPage(page) {
  pages.push(page);
}

export const currentPage = () => current?.name;

/** @param {string} name */
const section = (name) => byId(`page-${name}`);

/**
 * @param {string | null} name
 * @param {URLSearchParams} asked
 */
export function openPage(name, asked) {
  const next = pages.find((page) => page.name === name) ?? pages[0];
  if (next && next !== current) enter(next);
  next?.follow?.(asked);
}

/** @param {Page} next */
function enter(next) {
  current?.leave?.();
  current = next;
  for (const page of pages) section(page.name).hidden = page !== next;
  byId('columns').classList.toggle('wide', next.isWide === true);
  byId('aside').hidden = next.isWide === true;
  for (const link of byId('tabs').querySelectorAll('a')) {
    if (link.dataset.page === next.name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  next.enter?.();
}

/** The tabs of all pages that are registered. */
export function showTabs() {
  const links = pages.map(({ name, title }) => h('a', { href: `#page=${name}`, 'data-page': name }, title));
  byId('tabs').replaceChildren(...links);
  byId('tabs').hidden = false;
}

/** The page that is left is let go; which there are the next sign-in says. */
export function leavePages() {
  current?.leave?.();
  current = undefined;
  for (const page of pages) section(page.name).hidden = true;
  pages.length = 0;
  byId('tabs').hidden = true;
}
