/** The same as the console's, which is of this origin: who has signed in there need not do it here. */
const STORED = 'martlet.console.key';

/** @type {string | undefined} */
let key;

/** The key of this tab; where the browser keeps nothing, until the page is left. */
export function storedKey() {
  try {
    key ??= sessionStorage.getItem(STORED) ?? undefined;
  } catch {
    // Storage is off.
  }
  return key;
}

/** @param {string | undefined} value */
export function setKey(value) {
  key = value;
  try {
    if (value === undefined) sessionStorage.removeItem(STORED);
    else sessionStorage.setItem(STORED, value);
  } catch {
    // Storage is off.
  }
}

/** The page as this server sends it, and nothing else, becomes markup. */
const pagePolicy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy('martlet-docs', {
  createHTML: (/** @type {string} */ text) => text,
});

/** @param {string} text of the whole page */
function showPage(text) {
  const page = new DOMParser().parseFromString(pagePolicy?.createHTML(text) ?? text, 'text/html');
  document.title = page.title;
  document.replaceChild(document.adoptNode(page.documentElement), document.documentElement);
}

/**
 * @param {string} value of the key
 * @returns {Promise<string | undefined>} why there is no page
 */
async function fetchPage(value) {
  const headers = { Authorization: `Bearer ${value}`, Accept: 'text/html' };
  const response = await fetch(location.href, { cache: 'no-store', headers });
  const text = await response.text();
  if (response.ok) {
    showPage(text);
    return undefined;
  }
  try {
    return String(JSON.parse(text).message);
  } catch {
    return `${response.status} ${response.statusText}`;
  }
}

/**
 * Asks for a key until one opens the page.
 * @param {() => void} done the page is there
 */
export function signIn(done) {
  const form = /** @type {HTMLFormElement} */ (document.getElementById('sign-in'));
  const field = /** @type {HTMLInputElement} */ (document.getElementById('key'));
  const why = /** @type {HTMLElement} */ (document.getElementById('why'));
  const attempt = async (/** @type {string} */ value) => {
    why.textContent = '';
    let refused;
    try {
      // What is no header cannot be a key, and fetch would throw at it in other words.
      refused = /^[\x21-\x7e]+$/.test(value)
        ? await fetchPage(value)
        : 'This is no API key: it holds blanks or letters that none has.';
    } catch {
      refused = 'The relay cannot be reached.';
    }
    if (refused === undefined) {
      setKey(value);
      done();
      return;
    }
    setKey(undefined);
    why.textContent = refused;
    field.focus();
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void attempt(field.value.trim());
  });
  const stored = storedKey();
  if (stored === undefined) field.focus();
  else void attempt(stored);
}
