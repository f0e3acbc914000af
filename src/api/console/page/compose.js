import { ask, Refused } from './connection.js';
import { byId, h, setText } from './dom.js';
import { plural } from './format.js';
import { allProviders } from './providers.js';
import { showNoPush, showPush } from './timeline.js';

/** @import { Provider } from './providers.js' */
/** @typedef {{ push_uri: string, sandbox: boolean, history: boolean, fates: readonly { name: string, hex: string, told: string }[] }} Hello */

const form = /** @type {HTMLFormElement} */ (byId('send'));
/** @param {string} id */
const field = (id) => /** @type {HTMLInputElement} */ (byId(id));
const value = (/** @type {string} */ id) => field(id).value.trim();

/** What an APNs token looks like, filled up. */
const HEX_LENGTH = 64;
const GOOD_HEX = 'a1b2c3d4';
const SANDBOX_TOPIC = 'com.example.app';
/** A request without an answer for so long is one that waits for its push. */
const SLOW_MS = 500;

/** @type {Hello | undefined} */
let hello;
let sending = false;

const platform = () => Number(new FormData(form).get('platform'));
const provider = () => allProviders().find(({ number }) => number === platform());

/** A token that makes the sandbox do what is chosen. */
function fillTarget() {
  const fate = hello?.fates.find(({ name }) => name === value('fate'));
  const isToken = value('kind') === 'token';
  if (isToken && provider()?.name === 'apns')
    field('target').value = (fate?.hex ?? GOOD_HEX).padEnd(HEX_LENGTH, GOOD_HEX);
  else field('target').value = fate ? `sandbox-${fate.name}` : isToken ? provider()?.target || 'a-token' : 'a-topic';
}

function arrange() {
  const topic = provider()?.topic;
  byId('environment-field').hidden = !provider()?.hasEnvironments;
  byId('bundle-field').hidden = topic !== 'field';
  byId('kind-field').hidden = topic !== 'target';
  if (topic !== 'target') field('kind').value = 'token';
  setText(byId('target-label'), value('kind') === 'token' ? 'Device token' : 'Topic');
  if (hello?.sandbox) fillTarget();
}

/**
 * A JSON object out of a field; nothing when it is empty.
 * @param {string} id
 * @param {string} name
 * @returns {{ [field: string]: unknown } | undefined}
 * @throws {Refused}
 */
function objectIn(id, name) {
  if (value(id) === '') return undefined;
  let read;
  try {
    read = JSON.parse(value(id));
  } catch (error) {
    throw new Refused(400, `${name}: is no JSON: ${/** @type {Error} */ (error).message}`);
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    throw new Refused(400, `${name}: must be a JSON object, {…}`);
  return read;
}

/** @param {string} id name of the notification @throws {Refused} */
function notificationOf(id) {
  const environment = value('environment');
  const { topic, hasEnvironments } = provider() ?? {};
  const target = value('target');
  const data = objectIn('data', 'Data');
  return {
    notif_id: id,
    platform: platform(),
    ...(value('app') === '' ? {} : { app: value('app') }),
    ...(value('kind') === 'token' ? { tokens: [target] } : { topic: target }),
    ...(topic === 'field' && value('bundle') !== '' ? { topic: value('bundle') } : {}),
    ...(hasEnvironments && environment !== '' ? { [environment]: true } : {}),
    title: value('title'),
    message: value('message'),
    ...(value('badge') === '' ? {} : { badge: Number(value('badge')) }),
    ...(value('sound') === '' ? {} : { sound: value('sound') }),
    ...(data === undefined ? {} : { data }),
    ...objectIn('raw', 'More fields'),
  };
}

/**
 * With the sandbox nothing reaches a device, and nothing is asked.
 * @param {{ tokens?: unknown, topic?: unknown, app?: unknown, development?: unknown }} notification
 * @returns {Promise<boolean>}
 */
function confirmed({ app = 'default', tokens, topic, development }) {
  if (hello?.sandbox || development === true) return Promise.resolve(true);
  const dialog = /** @type {HTMLDialogElement} */ (byId('confirm'));
  const whom = Array.isArray(tokens) ? plural(tokens.length, 'device', 'devices') : `the topic ${topic}`;
  setText(
    byId('confirm-text'),
    `This relay sends for real: the push goes to ${whom} by ${provider()?.title.provider ?? 'the provider'}, for the app ${app}.`,
  );
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}

/** @param {unknown} error */
function showError(error) {
  const box = byId('send-error');
  const message = error instanceof Refused ? error.message : 'The relay cannot be reached.';
  // The message already names a single mistake.
  const details = error instanceof Refused && Array.isArray(error.details) ? error.details : [];
  const others = details.filter(({ path, reason }) => !message.includes(path) || !message.includes(reason));
  box.replaceChildren(
    h('p', {}, message),
    ...(others.length > 0
      ? [h('ul', {}, ...others.map(({ path, reason }) => h('li', {}, h('code', {}, path), ` ${reason}`)))]
      : []),
  );
}

/**
 * Where no history is kept, there is the answer alone.
 * @param {{ counts: number, logs: readonly { reason?: string, error?: string }[] }} answer
 */
function showAnswer({ counts, logs }) {
  const failed = logs.map(({ reason, error }) => [reason, error].filter(Boolean).join(': '));
  showNoPush(
    failed.length > 0
      ? `Failed: ${failed.join('; ')}`
      : `${plural(counts, 'push', 'pushes')} accepted. What becomes of them is not kept: history.enabled is false.`,
  );
}

/** @param {SubmitEvent} event */
async function send(event) {
  event.preventDefault();
  if (sending || !hello) return;
  byId('send-error').replaceChildren();
  const id = `console-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;
  sending = true;
  try {
    const notification = notificationOf(id);
    if (await confirmed(notification)) await post(id, notification);
  } catch (error) {
    showError(error);
  } finally {
    sending = false;
  }
}

/**
 * @param {string} id
 * @param {object} notification
 */
async function post(id, notification) {
  if (!hello) return;
  const begun = performance.now();
  const button = /** @type {HTMLButtonElement} */ (form.querySelector('button[type=submit]'));
  button.setAttribute('aria-disabled', 'true');
  const body = JSON.stringify({ notifications: [notification] });
  showNoPush('Sending…');
  const show = () => void showPush(id, { isNew: true });
  // With core.sync the answer comes when the push has its outcome: the timeline is shown meanwhile.
  const slow = hello.history ? setTimeout(show, SLOW_MS) : undefined;
  try {
    const answer = await ask(hello.push_uri, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } });
    if (!hello.history) showAnswer(answer);
    else if (performance.now() - begun < SLOW_MS) show();
  } catch (error) {
    showNoPush('It was not accepted.');
    showError(error);
  } finally {
    clearTimeout(slow);
    button.removeAttribute('aria-disabled');
  }
}

/** Makes the form work. */
export function prepareCompose() {
  form.addEventListener('submit', (event) => void send(event));
  byId('platforms').addEventListener('change', arrange);
  field('kind').addEventListener('change', arrange);
  field('fate').addEventListener('change', fillTarget);
}

/**
 * @param {Provider} provider
 * @param {number} place
 */
const platformChoice = ({ number, title }, place) =>
  h(
    'label',
    {},
    h('input', { type: 'radio', name: 'platform', value: String(number), ...(place === 0 ? { checked: '' } : {}) }),
    ` ${title.platform}`,
  );

/** @param {Hello} given what the server said of itself */
export function openCompose(given) {
  const isFirst = hello === undefined;
  hello = given;
  const { fates, sandbox } = given;
  byId('fate-field').hidden = !sandbox;
  if (!isFirst) return;
  const options = fates.map(({ name, told }) => h('option', { value: name }, `${name}: ${told.replaceAll('`', '')}`));
  byId('platforms').append(...allProviders().map(platformChoice));
  byId('fate').replaceChildren(h('option', { value: '' }, 'deliver it'), ...options);
  if (sandbox) field('bundle').value = SANDBOX_TOPIC;
  arrange();
}
