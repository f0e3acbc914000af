/**
 * An incident back end in plain Node: people sign in on their phones, incidents reach those who have to know, and a person may say what
 * and when. `node server.js [port] [file]`; see README.md.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { createPushNotifier, memoryStorage, NotificationType, sqliteStorage } from 'martlet/notifier';

const [port = '8080', file = ''] = process.argv.slice(2);

/** Where pushes go: PUSH_MODE is local (the default), gorush (GORUSH_URL, GORUSH_API_KEY) or none. */
const { PUSH_MODE: mode = 'local', GORUSH_URL: gorushUrl = '', GORUSH_API_KEY: gorushKey } = process.env;
const ways = {
  // Simulated providers; for real phones: ios: { key_path, key_id, team_id, topic, production: true }, android: { key_path }.
  local: { sandbox: true, ios: { topic: 'com.example.incidents' } },
  gorush: {
    gorush: {
      url: gorushUrl.split(','),
      ...(gorushKey ? { api_key: gorushKey } : {}),
      rate_limit: 100,
      batch_size: 50,
    },
  },
  none: {},
};

const notifier = await createPushNotifier(
  { mode, ...ways[mode], log: (level, message) => console.error(level, message) },
  file === '' ? memoryStorage() : sqliteStorage(file),
);

/** Of this back end; a real one has a database. */
const incidents = new Map();

class NotThere extends Error {}

function find(id) {
  const incident = incidents.get(id);
  if (!incident) throw new NotThere(`there is no incident ${id}`);
  return incident;
}

/** Tells people something about an incident, and notes it in its timeline. */
async function tell(incident, users, type, more = {}) {
  const { id, title, severity, status, service } = incident;
  const about = { title, severity, status, ...(service ? { service } : {}), ...more };
  const sent = await notifier.sendIncidentNotification(id, users, type, about);
  incident.timeline.push({ at: new Date().toISOString(), type, users, notification: sent.id });
  return { incident: shown(incident), notification: sent.id, recipients: sent.recipients };
}

const shown = ({ sla, ...incident }) => ({
  ...incident,
  ...(sla ? { acknowledge_by: new Date(sla).toISOString() } : {}),
});

/** Who hears of what happens to it. */
const concerned = ({ responders, assignees }) => [...new Set([...responders, ...assignees])];

const { IncidentCreated, IncidentUpdated, IncidentEscalated, IncidentAssigned, SLABreach } = NotificationType;

const routes = {
  // A phone, after its person has signed in, and each time that its token has changed.
  'PUT /phones': ({ user, platform, token, name }) => notifier.registerDevice({ user, platform, token, name }),

  // The person signs out on that phone.
  'DELETE /phones': async ({ token }) => ({ removed: await notifier.unregisterDevice(token) }),

  'GET /people/:user/phones': (_, user) => notifier.devices(user),
  'GET /people/:user/settings': (_, user) => notifier.settings(user),
  'PATCH /people/:user/settings': (patch, user) => notifier.updateSettings(user, patch),

  // `acknowledge_within`: seconds until it is an SLA breach.
  'POST /incidents': async ({ title, severity, service, responders = [], acknowledge_within: within }) => {
    const incident = {
      id: randomUUID(),
      title,
      severity,
      service,
      responders,
      assignees: [],
      status: 'open',
      timeline: [],
    };
    if (within !== undefined) incident.sla = Date.now() + within * 1000;
    const told = await tell(incident, responders, IncidentCreated);
    incidents.set(incident.id, incident);
    return told;
  },

  // Another status, severity or title: those concerned hear of it. New assignees hear that it is theirs.
  'PATCH /incidents/:id': async ({ assignees, ...changes }, id) => {
    const incident = find(id);
    const fresh = (assignees ?? []).filter((user) => !incident.assignees.includes(user));
    const before = concerned(incident);
    Object.assign(incident, pick(changes), assignees ? { assignees } : {});
    if (incident.status !== 'open') delete incident.sla;
    const answers = [];
    if (fresh.length > 0) answers.push(await tell(incident, fresh, IncidentAssigned));
    if (Object.keys(pick(changes)).length > 0) answers.push(await tell(incident, before, IncidentUpdated));
    return answers.at(-1) ?? { incident: shown(incident) };
  },

  'POST /incidents/:id/escalate': ({ to }, id) => tell(find(id), to, IncidentEscalated),

  // The incident with its timeline, and how many of its notifications are in which state.
  'GET /incidents/:id': async (_, id) => {
    const incident = find(id);
    const reports = await Promise.all(incident.timeline.map(({ notification }) => notifier.notification(notification)));
    const states = reports.flatMap((report) => report?.people ?? []).flatMap(({ decisions }) => decisions);
    const counts = {};
    for (const { state } of states) counts[state] = (counts[state] ?? 0) + 1;
    return { ...shown(incident), delivery: counts };
  },

  // What became of a notification, for each person and device, in words.
  'GET /notifications/:id': (_, id) => notifier.notification(id),

  'GET /health': () => notifier.health(),
};

/** What may be changed of an incident, as far as it is there. */
const pick = (changes) =>
  Object.fromEntries(
    ['title', 'severity', 'status'].flatMap((name) => (name in changes ? [[name, changes[name]]] : [])),
  );

/** No one has it in hand in time: said once. */
const watch = setInterval(async () => {
  for (const incident of incidents.values())
    if (incident.sla !== undefined && incident.sla <= Date.now()) {
      delete incident.sla;
      await tell(incident, concerned(incident), SLABreach).catch((error) => console.error('error', error.message));
    }
}, 1000);

const table = Object.entries(routes).map(([route, run]) => {
  const [method, path] = route.split(' ');
  return { method, path: new RegExp(`^${path.replace(/:\w+/, '([^/]+)')}$`), run };
});

const server = createServer(async (req, res) => {
  const answer = (status, body) =>
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  try {
    const { pathname } = new URL(req.url, 'http://localhost');
    const found = table.find(({ method, path }) => method === req.method && path.test(pathname));
    if (!found) return answer(404, { message: 'there is no such route' });
    const [, id] = found.path.exec(pathname);
    const body = req.method === 'GET' ? {} : await json(req);
    answer(200, await found.run(body, id && decodeURIComponent(id)));
  } catch (error) {
    // Errors of the notifier have a code, and details where a field is wrong.
    answer(error instanceof NotThere ? 404 : error.code ? 422 : 500, {
      code: error.code,
      message: error.message,
      details: error.details,
    });
  }
});

server.listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));

process.once('SIGTERM', async () => {
  clearInterval(watch);
  server.close();
  server.closeIdleConnections();
  // What is under way ends, or waits in the file for the next start.
  await notifier.close();
});
