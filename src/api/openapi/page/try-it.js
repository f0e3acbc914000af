import { setKey, storedKey } from './sign-in.js';

/**
 * @typedef {{ name: string, place: 'path' | 'query' | 'header', required: boolean, example: string }} TriedParameter
 * @typedef {{ method: string, path: string, needsKey: boolean, type?: string, parameters: TriedParameter[], bodies: { summary: string, text: string }[] }} Tried
 */

/** Characters of an answer that are shown; a stream has no end. */
const MAX_SHOWN = 100_000;

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {{ [attribute: string]: string }} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * Where the request goes: below the page's own place, which may be a path of a proxy.
 * @param {string} path with the values of its parameters
 */
const urlOf = (path) => new URL(path.slice(1), document.baseURI);

/**
 * @param {Tried} tried
 * @param {Map<TriedParameter, string>} values
 */
function targetOf({ path }, values) {
  const query = new URLSearchParams();
  let filled = path;
  for (const [{ name, place }, value] of values) {
    if (place === 'path') filled = filled.replace(`{${name}}`, () => encodeURIComponent(value));
    else if (place === 'query' && value !== '') query.set(name, value);
  }
  return query.size > 0 ? `${filled}?${query}` : filled;
}

/** @param {string} text */
function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/**
 * @param {Response} response
 * @param {(text: string) => void} show what has come so far
 */
async function readBody(response, show) {
  const reader = response.body?.pipeThrough(/** @type {any} */ (new TextDecoderStream())).getReader();
  let text = '';
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
    if (text.length > MAX_SHOWN) {
      show(`${text.slice(0, MAX_SHOWN)}\n… and more, which is not shown`);
      await reader.cancel();
      return;
    }
    show(text);
  }
  show(readable(text));
}

/**
 * Sends it and shows what comes, until it ends or is stopped.
 * @param {{ target: string, init: RequestInit }} request
 * @param {{ send: HTMLButtonElement, stop: HTMLButtonElement, status: HTMLElement, answer: HTMLElement }} parts of the form
 * @returns {Promise<boolean>} true: it was answered with success
 */
async function run({ target, init }, { send, stop, status, answer }) {
  const abort = new AbortController();
  stop.onclick = () => abort.abort();
  stop.hidden = false;
  send.disabled = true;
  answer.hidden = true;
  status.textContent = `${init.method} ${target} …`;
  let isGood = false;
  try {
    const response = await fetch(urlOf(target), { ...init, cache: 'no-store', signal: abort.signal });
    isGood = response.ok;
    status.textContent = `${response.status} ${response.statusText}`;
    await readBody(response, (text) => {
      answer.textContent = text;
      answer.hidden = text === '';
    });
  } catch (error) {
    if (abort.signal.aborted) status.textContent += ' (stopped)';
    else status.textContent = `No answer: ${error instanceof Error ? error.message : error}`;
  } finally {
    stop.hidden = true;
    send.disabled = false;
  }
  return isGood;
}

/**
 * The form for one operation.
 * @param {Tried} tried
 * @param {string} id of the operation
 */
function tryForm(tried, id) {
  const { method, needsKey, type, parameters, bodies } = tried;
  const isRead = method === 'GET' || method === 'HEAD';
  const key = h('input', { type: 'password', autocomplete: 'off', value: storedKey() ?? '' });
  const fields = parameters.map((parameter) => {
    const needed = parameter.required ? { required: '' } : {};
    const input = h('input', {
      value: parameter.required ? parameter.example : '',
      placeholder: parameter.example,
      ...needed,
    });
    return { parameter, input };
  });
  const body = h('textarea', { rows: '10', spellcheck: 'false', 'aria-label': `Body of ${id}` }, bodies[0]?.text ?? '');
  const example = h(
    'select',
    {},
    ...bodies.map(({ summary }, i) => h('option', { value: String(i) }, summary.replaceAll('`', ''))),
  );
  example.addEventListener('change', () => {
    body.value = bodies[Number(example.value)]?.text ?? '';
  });
  const send = h('button', {}, `Send ${method}`);
  const stop = h('button', { type: 'button', hidden: '' }, 'Stop');
  const status = h('p', { role: 'status' });
  const answer = h('pre', { tabindex: '0', role: 'group', 'aria-label': `Answer of ${id}`, hidden: '' });
  const form = h(
    'form',
    { class: 'try-form' },
    ...(needsKey ? [h('label', {}, 'API key ', key)] : []),
    ...fields.map(({ parameter, input }) => h('label', {}, `${parameter.name} (${parameter.place}) `, input)),
    ...(bodies.length > 1 ? [h('label', {}, 'Example ', example)] : []),
    ...(type === undefined ? [] : [body]),
    h('p', {}, send, ' ', stop),
    status,
    answer,
  );

  const request = () => {
    /** @type {Record<string, string>} */
    const headers = {};
    if (needsKey && key.value !== '') headers.Authorization = `Bearer ${key.value}`;
    if (type !== undefined && body.value !== '') headers['Content-Type'] = type;
    for (const { parameter, input } of fields)
      if (parameter.place === 'header' && input.value !== '') headers[parameter.name] = input.value;
    const target = targetOf(tried, new Map(fields.map(({ parameter, input }) => [parameter, input.value])));
    const init = { method, headers, ...(type === undefined || body.value === '' ? {} : { body: body.value }) };
    return { target, init };
  };

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const isReal = document.body.dataset.sandbox !== 'true';
    if (isReal && !isRead && !confirm(`This is no sandbox. Really send ${method} ${request().target} to this relay?`))
      return;
    void run(request(), { send, stop, status, answer }).then((isGood) => {
      if (isGood && needsKey && key.value !== '') setKey(key.value);
    });
  });
  return form;
}

/** Under the samples of each operation, what sends it from here. It is made when it is first opened. */
export function offerTries() {
  for (const each of document.querySelectorAll('section.operation')) {
    const section = /** @type {HTMLElement} */ (each);
    const id = section.getAttribute('aria-labelledby') ?? '';
    const details = h('details', { class: 'try' }, h('summary', {}, 'Send it from here'));
    details.addEventListener('toggle', () => details.append(tryForm(JSON.parse(section.dataset.try ?? ''), id)), {
      once: true,
    });
    section.append(details);
  }
}
