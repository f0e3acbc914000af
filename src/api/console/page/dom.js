/** @typedef {Node | string | number | false | undefined} Child */

/**
 * An element. Text is always text: nothing here makes markup of a string.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {{ [attribute: string]: string }} attributes
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...shown(children));
  return element;
}

/** @param {Child[]} children */
const shown = (children) =>
  children
    .filter((child) => child !== false && child !== undefined)
    .map((child) => (child instanceof Node ? child : String(child)));

/**
 * The element of the page with this id.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export const byId = (id) => /** @type {T} */ (document.getElementById(id));

/**
 * Changes text only where it differs, so that a selection and a screen reader are left alone.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * What stands between backticks is code.
 * @param {string} text
 * @returns {Node[]}
 */
export const withCode = (text) =>
  text.split('`').map((piece, i) => (i % 2 === 0 ? document.createTextNode(piece) : h('code', {}, piece)));

/** @type {WeakMap<Element, Map<string, Element>>} */
const rendered = new WeakMap();

/**
 * Children of `parent`, one for each item, in their order. Those that were there before stay the same elements: focus, selection and
 * what is opened survive.
 * @template T
 * @template {Element} E
 * @param {Element} parent
 * @param {readonly T[]} items
 * @param {(item: T) => string} keyOf
 * @param {(item: T) => E} create
 * @param {(element: E, item: T) => void} update
 */
export function keyed(parent, items, keyOf, create, update) {
  const before = /** @type {Map<string, E>} */ (rendered.get(parent) ?? new Map());
  const now = new Map();
  /** @type {Element | null} */
  let next = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const element = before.get(key) ?? create(item);
    update(element, item);
    now.set(key, element);
    if (element === next) next = next.nextElementSibling;
    else parent.insertBefore(element, next);
  }
  for (const [key, element] of before) if (!now.has(key)) element.remove();
  rendered.set(parent, now);
}
