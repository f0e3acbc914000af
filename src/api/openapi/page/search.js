/** @param {string} text */
const wordsOf = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

/** Operations and shapes, each with its link in the contents. */
function readEntries() {
  const links = new Map(
    Array.from(document.querySelectorAll('nav a'), (link) => [link.getAttribute('href'), link.closest('li')]),
  );
  return Array.from(document.querySelectorAll('main section'), (section) => ({
    section: /** @type {HTMLElement} */ (section),
    link: links.get(`#${section.getAttribute('aria-labelledby')}`),
    // Samples say the same again, in six languages.
    text: Array.from(section.children, (child) => (child.matches('.sample, .try') ? '' : child.textContent))
      .join(' ')
      .toLowerCase(),
  }));
}

/**
 * @param {string} selector
 * @returns {HTMLElement[]}
 */
const all = (selector) => Array.from(document.querySelectorAll(selector));

/** Headings of groups without anything that was found. */
function hideEmptyGroups() {
  for (const group of all('main .group')) group.hidden = !group.querySelector(':scope > section:not([hidden])');
  for (const group of all('nav > ul > li')) group.hidden = !group.querySelector('li:not([hidden])');
}

/** Shows what has all words of the search, in any order; `/` leads to the field, Escape empties it. */
export function showSearch() {
  const form = /** @type {HTMLFormElement} */ (document.getElementById('tools'));
  const field = /** @type {HTMLInputElement} */ (document.getElementById('search'));
  const found = /** @type {HTMLElement} */ (document.getElementById('found'));
  /** @type {ReturnType<typeof readEntries> | undefined} */
  let entries;
  const show = () => {
    entries ??= readEntries();
    const words = wordsOf(field.value);
    let count = 0;
    for (const { section, link, text } of entries) {
      const isFound = words.every((word) => text.includes(word));
      if (isFound) count++;
      section.hidden = !isFound;
      if (link) link.hidden = !isFound;
    }
    hideEmptyGroups();
    found.textContent =
      words.length === 0 ? '' : count === 0 ? 'Nothing has all of these words.' : `${count} of ${entries.length}`;
  };
  field.addEventListener('input', show);
  form.addEventListener('submit', (event) => event.preventDefault());
  // A link to what the search has hidden.
  addEventListener('hashchange', () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target?.closest('[hidden]')) return;
    field.value = '';
    show();
    target.scrollIntoView();
  });
  addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof Element && event.target.matches('input, textarea, select');
    if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
    } else if (event.key === 'Escape' && event.target === field) {
      field.value = '';
      show();
    }
  });
  form.hidden = false;
}
