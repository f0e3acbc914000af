const STORED = 'martlet.docs.language';
const COPIED_MS = 2000;

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without TLS there is no clipboard, but for localhost.
    return false;
  }
}

/** @param {HTMLElement} pre what is selected where it cannot be copied */
function select(pre) {
  const range = document.createRange();
  range.selectNodeContents(pre);
  const selection = getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
}

/**
 * A button in front of a text that copies it.
 * @param {HTMLElement} pre
 */
function addCopyButton(pre) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = 'Copy';
  button.setAttribute('aria-label', `Copy: ${pre.getAttribute('aria-label')}`);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let back;
  button.addEventListener('click', async () => {
    const isCopied = await copy(pre.textContent ?? '');
    if (!isCopied) select(pre);
    button.textContent = isCopied ? 'Copied' : 'Selected: copy it with the keyboard';
    clearTimeout(back);
    back = setTimeout(() => {
      button.textContent = 'Copy';
    }, COPIED_MS);
  });
  pre.before(button);
}

/** @returns {string | null} the language of the last visit */
function storedLanguage() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

/** @param {string} language */
function store(language) {
  try {
    localStorage.setItem(STORED, language);
  } catch {
    // Storage is off.
  }
}

/** A button for each text of the page that may be wanted elsewhere. */
export function addCopyButtons() {
  for (const pre of document.querySelectorAll('main pre')) addCopyButton(/** @type {HTMLElement} */ (pre));
}

/** Samples in the language of the reader. */
export function showSamples() {
  const choice = /** @type {HTMLSelectElement} */ (document.getElementById('language'));
  const stored = storedLanguage();
  if (Array.from(choice.options).some(({ value }) => value === stored)) choice.value = /** @type {string} */ (stored);
  document.body.classList.add('chosen');
  const show = () => {
    for (const sample of document.querySelectorAll('.sample'))
      sample.classList.toggle('shown', /** @type {HTMLElement} */ (sample).dataset.language === choice.value);
  };
  choice.addEventListener('change', () => {
    store(choice.value);
    show();
  });
  show();
}
