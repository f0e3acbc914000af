/** The page: who is signed in, their stream as it comes, and their inbox. */
import { createPersonClient } from './martlet-client.js';

const $ = (id) => document.getElementById(id);

const post = async (path, body = {}) => {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
};

/** Names this browser, as long as it keeps its storage. */
function installation() {
  const known = localStorage.getItem('installation') ?? crypto.randomUUID();
  localStorage.setItem('installation', known);
  return known;
}

const tell = (text) => {
  $('told').textContent = text;
};

/** Results say what went wrong; nothing is thrown. */
function isOk(result) {
  if (!result.ok) tell(result.error.message);
  return result.ok;
}

const settings = await (await fetch('/settings')).json();
let me;

/** Asks the person for notifications, and registers this browser. */
const notify = () =>
  me.enableWebPush({ serviceWorker: '/service-worker.js', applicationServerKey: settings.applicationServerKey });

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

const timeOf = (instant) => element('time', new Date(instant).toLocaleTimeString(), { datetime: instant });

/** Counts carry an offset: what an older answer says is not shown. */
let shownOffset = -1;

function showTotals({ unread, offset }) {
  if (offset < shownOffset) return false;
  shownOffset = offset;
  $('unread').textContent = unread;
  return true;
}

function inboxItem({ id, title, message, created_at, read_at }) {
  const item = element('li', '', { 'data-id': id });
  const text = element('span', '');
  text.append(element('strong', title ?? message ?? ''), ' ', timeOf(created_at));
  item.append(text);
  if (read_at) return item;
  item.dataset.unread = '';
  const button = element('button', 'Read', { type: 'button' });
  button.addEventListener('click', async () => {
    if (isOk(await me.read(id))) await showInbox();
  });
  item.append(button);
  return item;
}

async function showInbox() {
  const inbox = await me.inbox({ limit: 20 });
  if (isOk(inbox) && showTotals(inbox)) $('inbox').replaceChildren(...inbox.notifications.map(inboxItem));
}

function showEvent({ id, type, payload, timestamp }) {
  const item = element('li', '', { 'data-id': id });
  item.append(timeOf(timestamp), ' ', element('strong', type), ' ', element('code', JSON.stringify(payload)));
  $('stream').prepend(item);
}

async function heard(event) {
  showEvent(event);
  // A notification has reached its person: no push follows.
  if (event.payload?.id) await me.ack(event.payload.id);
  await showInbox();
}

const STATES = {
  connecting: 'connecting …',
  open: 'live',
  waiting: 'away, coming back',
  refused: 'refused',
  closed: '',
};

async function begin(person) {
  $('sign-in').hidden = true;
  $('who').hidden = $('signed-in').hidden = false;
  me = createPersonClient({
    url: settings.relay,
    user: person.id,
    device: installation(),
    token: async () => (await post('/push-token')).token,
  });
  me.stream({
    onEvent: (event) => void heard(event),
    onGap: () => void showInbox(),
    onState: ({ kind }) => {
      $('state').textContent = `${person.name}: ${STATES[kind]}`;
    },
  });
  // Where a click on a notification leads.
  const opened = new URLSearchParams(location.search).get('notification');
  if (opened) isOk(await me.read(opened));
  await showInbox();
  // At each start: the subscription, or its key, may have changed.
  if (globalThis.Notification?.permission === 'granted') isOk(await notify());
}

function ask() {
  $('sign-in').hidden = false;
  $('who').hidden = $('signed-in').hidden = true;
}

/** What a button or a form does; what goes wrong is said. */
const doing = (id, event, work) =>
  $(id).addEventListener(event, async (happened) => {
    happened.preventDefault();
    tell('');
    try {
      await work(happened.target);
    } catch (error) {
      tell(error.message);
    }
  });

doing('sign-in', 'submit', async (form) => begin(await post('/sign-in', { name: form.elements.name.value })));
doing('send', 'submit', (form) => post('/send', { title: form.elements.title.value }));
doing('push', 'click', async () => {
  if (isOk(await notify())) tell('This browser is notified when the page is closed.');
});
doing('read-all', 'click', async () => {
  if (isOk(await me.readAll())) await showInbox();
});
doing('sign-out', 'click', async () => {
  // First the relay: after this nothing more comes to this browser.
  if (!isOk(await me.signOut())) return;
  await post('/sign-out');
  location.replace('/');
});

document.addEventListener('visibilitychange', () => {
  // Who does not look is pushed to without waiting for an acknowledgement.
  void me?.presence(document.hidden ? 'idle' : 'active');
});
navigator.serviceWorker?.addEventListener('message', ({ data }) => {
  if (data?.martlet === 'subscription') void notify();
  else if (data?.martlet === 'push') void showInbox();
});

if (settings.person) await begin(settings.person);
else ask();
