import { h, keyed, setText } from '../dom.js';
import { redraw } from './parts.js';
import { createTrouble, isAborted } from './trouble.js';

export const PAGE = 50;

/**
 * @template T
 * @typedef {object} ListOptions
 * @property {string} label
 * @property {(cursor: string | undefined, signal: AbortSignal) => Promise<{ items: readonly T[], next: string | undefined }>} load
 * @property {(item: T) => string} keyOf
 * @property {(item: T) => readonly Node[]} draw
 * @property {() => string} empty what is said when there is nothing
 * @property {string} [more] what the button says
 * @property {boolean} [growsAtEnd] new ones are the last; default: the first
 * @property {string} [listClass]
 * @property {(item: T) => string} [look] class of its row
 */

/**
 * A list that comes page by page.
 * @template T
 */
export class PagedList {
  #status = h('p', { class: 'empty', role: 'status' });
  #list = h('ul', {});
  #more = h('button', { type: 'button' });
  #trouble = createTrouble();
  element = h('div', { class: 'list' }, this.#status, this.#list, this.#trouble.element, this.#more);
  #options;
  /** @type {readonly T[]} */
  #items = [];
  /** @type {string | undefined} */
  #next;
  /** More than the first page is shown. */
  #isLong = false;
  /** Where the last page that is shown begins. @type {string | undefined} */
  #last;
  /** More is being fetched: that is not given up for a look at what is there. */
  #isBusy = false;
  #current = new AbortController();

  /** @param {ListOptions<T>} options */
  constructor(options) {
    this.#options = options;
    this.#list.setAttribute('aria-label', options.label);
    this.#list.className = options.listClass ?? 'rows';
    setText(this.#more, options.more ?? 'More');
    this.#more.hidden = true;
    this.#more.addEventListener('click', () => {
      if (this.#more.getAttribute('aria-disabled') !== 'true') void this.#further();
    });
  }

  /** Shows it from the first page on. */
  async begin() {
    [this.#items, this.#next, this.#isLong, this.#last] = [[], undefined, false, undefined];
    this.#render();
    this.#trouble.clear();
    setText(this.#status, 'Looking…');
    try {
      const { items, next } = await this.#fetched(undefined);
      [this.#items, this.#next] = [items, next];
      this.#render();
    } catch (error) {
      if (!isAborted(error)) setText(this.#status, '');
      this.#trouble.show(error, () => void this.begin());
    }
  }

  /** Looks again where new ones come: at the first page, or at the last. */
  async refresh() {
    if (this.#isBusy) return;
    const { keyOf, growsAtEnd = false } = this.#options;
    try {
      const { items, next } = await this.#fetched(growsAtEnd ? this.#last : undefined);
      const fresh = new Set(items.map(keyOf));
      const others = this.#isLong ? this.#items.filter((item) => !fresh.has(keyOf(item))) : [];
      this.#items = growsAtEnd ? [...others, ...items] : [...items, ...others];
      if (growsAtEnd || !this.#isLong) this.#next = next;
      this.#render();
    } catch (error) {
      this.#trouble.show(error);
    }
  }

  stop() {
    this.#current.abort();
  }

  async #further() {
    const before = this.#items.length;
    const cursor = this.#next;
    this.#more.setAttribute('aria-disabled', 'true');
    this.#isBusy = true;
    try {
      const { items, next } = await this.#fetched(cursor);
      [this.#items, this.#next, this.#isLong, this.#last] = [[...this.#items, ...items], next, true, cursor];
      this.#render();
      if (this.#more.hidden) this.#list.children[before]?.querySelector('a')?.focus();
    } catch (error) {
      this.#trouble.show(error, () => void this.#further());
    } finally {
      this.#isBusy = false;
      this.#more.removeAttribute('aria-disabled');
    }
  }

  /** @param {string | undefined} cursor */
  async #fetched(cursor) {
    this.#current.abort();
    this.#current = new AbortController();
    const { signal } = this.#current;
    const page = await this.#options.load(cursor, signal);
    signal.throwIfAborted();
    this.#trouble.clear();
    return page;
  }

  #render() {
    const { keyOf, draw, look, empty } = this.#options;
    keyed(
      this.#list,
      this.#items,
      keyOf,
      () => h('li', {}),
      (row, item) => {
        row.className = look?.(item) ?? '';
        redraw(row, item, draw);
      },
    );
    this.#list.hidden = this.#items.length === 0;
    this.#more.hidden = this.#next === undefined;
    if (this.#items.length > 0) setText(this.#status, '');
    // A search looks through so many at a time.
    else setText(this.#status, this.#next === undefined ? empty() : 'Nothing yet; there is more to look through.');
  }
}

/** A filter is typed letter by letter. */
const TYPED_MS = 250;

/**
 * A form whose fields narrow a list.
 * @param {string} label
 * @param {readonly HTMLElement[]} fields
 * @param {() => void} changed
 */
export function createFilters(label, fields, changed) {
  const form = h('form', { class: 'filters', autocomplete: 'off', 'aria-label': label }, ...fields);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typing;
  form.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(changed, TYPED_MS);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearTimeout(typing);
    changed();
  });
  return {
    element: h('search', {}, form),
    /** @param {{ [name: string]: string }} given */
    set(given) {
      form.reset();
      for (const [name, value] of Object.entries(given)) {
        const field = form.elements.namedItem(name);
        if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) field.value = value;
      }
    },
    /** @returns {{ [name: string]: string }} what is given */
    values: () =>
      Object.fromEntries(
        [...new FormData(form)].flatMap(([name, value]) =>
          String(value).trim() ? [[name, String(value).trim()]] : [],
        ),
      ),
  };
}

/** It takes a fifth of the time at most. */
const PAUSE_FACTOR = 4;

/**
 * Does something again and again until it is stopped: the next time a while after the last one is over, and not in a tab that is hidden.
 * @param {() => Promise<void>} work
 * @param {number} ms
 */
export function createPolling(work, ms) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let round = 0;
  /** @param {number} mine @param {number} pause */
  const plan = (mine, pause) => {
    timer = setTimeout(async () => {
      const begun = performance.now();
      if (!document.hidden) await work();
      if (mine === round) plan(mine, Math.max(ms, (performance.now() - begun) * PAUSE_FACTOR));
    }, pause);
  };
  return {
    start() {
      clearTimeout(timer);
      plan(++round, ms);
    },
    stop() {
      round++;
      clearTimeout(timer);
    },
  };
}
