/** @import { Frame } from '../frame.ts' */
import { loadApps, showHooks } from './apps.js';
import { showCauses } from './causes.js';
import { openCompose, prepareCompose } from './compose.js';
import { openStream, setKey, storedKey } from './connection.js';
import { byId, setText } from './dom.js';
import { failuresAt, showFailures } from './failures.js';
import { addHour } from './hour.js';
import { showLanes } from './lanes.js';
import { createOverview } from './overview.js';
import { currentPage, leavePages, openPage, registerPage, showTabs } from './pages.js';
import { setProviders } from './providers.js';
import { closePushes, openPushes, preparePlatforms } from './pushes.js';
import { showNoPush, showPush } from './timeline.js';

const overview = createOverview();
const credential = document.documentElement.dataset.credential;
const NO_PUSH = 'Look a push up by its id, or choose one of the page Pushes.';

/** @type {{ stop: () => void } | undefined} */
let stream;

/** True once the server has let this key in. */
let isIn = false;
/** Counts them. */
let entries = 0;

const STATES = { connecting: 'Connecting', live: 'Live', lost: 'No connection; trying again', paused: 'Paused' };

/**
 * @param {keyof typeof STATES} state
 * @param {string} [why]
 */
function showState(state, why = '') {
  const place = byId('connection');
  setText(place, why === '' ? STATES[state] : `${why}; trying again`);
  place.className = `connection ${state}`;
  document.body.classList.toggle('stale', state === 'lost');
}

/** @param {Frame} frame */
function showFrame(frame) {
  showState('live');
  overview.show(frame);
  showLanes(frame);
  showHooks(frame);
  failuresAt(frame.at);
  showCauses(frame);
}

/** @param {any} hello */
function enter(hello) {
  setText(byId('version'), hello.version);
  byId('sandbox').hidden = !hello.sandbox;
  byId('look-up').hidden = !hello.history;
  setProviders(hello.providers);
  openCompose(hello);
  preparePlatforms();
  const { push = true, admin = true } = hello.may ?? {};
  byId('send-panel').hidden = !push;
  byId('apps-panel').hidden = !admin;
  byId('page-now').classList.toggle('no-figures', hello.figures === false);
  if (isIn) return;
  isIn = true;
  byId('login').hidden = true;
  byId('console').hidden = false;
  byId('sign-out').hidden = storedKey() === undefined;
  if (document.activeElement === document.body || document.activeElement?.id === 'key') byId('main').focus();
  if (admin && hello.figures !== false) void loadApps();
  void openPages(hello);
}

/** What the hub shows; nothing where it is off. @param {any} hello */
async function loadHub({ hub }) {
  if (!hub) return undefined;
  try {
    return (await import('./hub/hub.js')).openHub;
  } catch {
    byId('hub-missing').hidden = false;
    return undefined;
  }
}

/** The tabs that there are for this key. Without a history there are no pushes to list. @param {any} hello */
async function openPages(hello) {
  leavePages();
  const mine = ++entries;
  const openHub = await loadHub(hello);
  if (!isIn || mine !== entries) return;
  const { now, pages = [] } = openHub?.(hello) ?? {};
  for (const page of [{ name: 'now', title: 'Now', ...now }, ...pages]) registerPage(page);
  if (hello.history) registerPage({ name: 'pushes', title: 'Pushes', enter: openPushes, leave: closePushes });
  showTabs();
  followAddress();
}

/** @param {string} name @param {any} data */
function onEvent(name, data) {
  if (name === 'hello') enter(data);
  else if (name === 'past') overview.begin(data);
  else if (name === 'hour') addHour(data);
  else if (name === 'frame') showFrame(data);
  else if (name === 'failures') showFailures(data);
  else if (name === 'alive') showState('live');
  else if (name === 'trouble') setText(byId('connection'), data.message);
}

/** @param {string} message */
function askForKey(message) {
  stream?.stop();
  stream = undefined;
  isIn = false;
  leavePages();
  setKey(undefined);
  showNoPush(NO_PUSH);
  byId('console').hidden = true;
  byId('sign-out').hidden = true;
  byId('ready').hidden = true;
  setText(byId('connection'), '');
  byId('connection').className = 'connection';
  byId('login').hidden = false;
  const key = /** @type {HTMLInputElement} */ (byId('key'));
  setText(byId('key-error'), message);
  if (message === '') key.removeAttribute('aria-invalid');
  else key.setAttribute('aria-invalid', 'true');
  key.focus();
}

function connect() {
  stream?.stop();
  stream = openStream({
    onEvent,
    onState: showState,
    onRefused: ({ message }) => askForKey(storedKey() === undefined && credential === 'certificate' ? '' : message),
  });
}

/** `#page=NAME` is a tab, `#push=ID` the timeline of that push; what else there is the page itself reads. */
function followAddress() {
  if (!isIn) return;
  const asked = new URLSearchParams(location.hash.slice(1));
  const id = asked.get('push');
  if (asked.get('page') !== null || !id) openPage(asked.get('page'), asked);
  else openPage(currentPage() ?? null, asked);
  if (!id) return;
  /** @type {HTMLInputElement} */ (byId('push-id')).value = id;
  void showPush(id);
  const title = byId('timeline-title');
  title.scrollIntoView({ block: 'nearest' });
  title.focus({ preventScroll: true });
}

byId('login-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const key = /** @type {HTMLInputElement} */ (byId('key'));
  setKey(key.value.trim());
  key.value = '';
  setText(byId('key-error'), '');
  connect();
});
byId('sign-out').addEventListener('click', () => askForKey(''));
byId('look-up').addEventListener('submit', (event) => {
  event.preventDefault();
  const hash = `#push=${encodeURIComponent(/** @type {HTMLInputElement} */ (byId('push-id')).value.trim())}`;
  if (location.hash === hash) followAddress();
  else location.hash = hash;
});
addEventListener('hashchange', followAddress);

prepareCompose();
showNoPush(NO_PUSH);
if (credential === 'key' && storedKey() === undefined) askForKey('');
else connect();
