import { Refused } from '../connection.js';
import { h } from '../dom.js';

/** What to do about an answer that is no success, by its status. @type {{ [status: number]: string }} */
const ADVICE = {
  401: 'The key is not accepted any more: sign out, and in with another.',
  403: 'Sign in with a key that may do this, or ask the operator of this relay for one.',
  404: 'It may have been deleted, or be of another app.',
  409: 'It was changed or asked for at the same moment: look again, then try once more.',
  412: 'It was changed meanwhile: look again, then try once more.',
  413: 'It is too large: say less at once.',
  422: 'Mend what is named, then try once more.',
  429: 'This key has asked too much in a short time: wait a moment, then try once more.',
  503: 'Wait a moment, then try once more; /readyz says what is not well.',
};

const sentence = (/** @type {string} */ text) => {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
};

/** @param {unknown} error */
export const isAborted = (error) => error instanceof DOMException && error.name === 'AbortError';

/**
 * What went wrong, and what to do about it.
 * @param {unknown} error
 */
export function troubleText(error) {
  if (!(error instanceof Refused)) return 'The relay cannot be reached. See whether it runs, then try once more.';
  const advice = ADVICE[error.status] ?? (error.status >= 500 ? 'The log of the relay says more.' : '');
  return [sentence(error.message), advice].filter(Boolean).join(' ');
}

/** @param {unknown} error the places of a body that is wrong, but for the one that the message names */
const detailsOf = (error) =>
  error instanceof Refused && Array.isArray(error.details)
    ? error.details.filter(({ path, reason }) => !error.message.includes(path) || !error.message.includes(reason))
    : [];

/** A place for what goes wrong; empty while nothing does. */
export function createTrouble() {
  const element = h('div', { class: 'error trouble', role: 'alert' });
  return {
    element,
    clear: () => element.replaceChildren(),
    /**
     * @param {unknown} error
     * @param {() => void} [again] what a button does
     */
    show(error, again) {
      if (isAborted(error)) return;
      const details = detailsOf(error).map(({ path, reason }) => h('li', {}, h('code', {}, path), ` ${reason}`));
      const button = again && h('button', { type: 'button' }, 'Try again');
      button?.addEventListener('click', () => again?.());
      element.replaceChildren(
        h('p', {}, troubleText(error)),
        ...(details.length > 0 ? [h('ul', {}, ...details)] : []),
        ...(button ? [button] : []),
      );
    },
  };
}
