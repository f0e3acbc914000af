/**
 * An incident back end in plain Node: people sign in on their phones, incidents reach those who have to know, and a person may say what
 * and when. `node server.js [port] [file]`; see README.md.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { createPushNotifier, memoryStorage, NotificationType, sqliteStorage } from 'martlet/notifier';

const [port = '8080', file = ''] = process.argv.slice(2);

const notifier = await createPushNotifier(
  {
    // Simulated providers; for real phones: ios: { key_path, key_id, team_id, topic, production: true }, android: { key_path }.
    sandbox: true,
    ios: { topic: 'com.example.incidents' },
    log: (level, message) => console.error(level, message),
  },
  file === '' ? memoryStorage() : sqliteStorage(file),
);

/** Of this back end; a real one has a database. */
const incidents = new Map();

const routes = {
  // A phone, after its person has signed in, and each time that its token has changed.
  'PUT /phones': ({ user, platform, token, name }) => notifier.registerDevice({ user, platform, token, name }),

  // The person signs out on that phone.
  'DELETE /phones': async ({ token }) => ({ removed: await notifier.unregisterDevice(token) }),

  'GET /people/:user/phones': (_, user) => notifier.devices(user),
  'GET /people/:user/settings': (_, user) => notifier.settings(user),
  'PATCH /people/:user/settings': (patch, user) => notifier.updateSettings(user, patch),

  'POST /incidents': async ({ title, severity, responders, ...data }) => {
    const incident = { id: randomUUID(), title, severity, responders, status: 'open' };
    incidents.set(incident.id, incident);
    const { IncidentCreated } = NotificationType;
    const sent = await notifier.sendIncidentNotification(incident.id, responders, IncidentCreated, {
      title,
      severity,
      ...data,
    });
    return { incident, notification: sent.id, recipients: sent.recipients };
  },

  'POST /incidents/:id/escalate': async ({ to }, id) => {
    const { title, severity } = incidents.get(id);
    return notifier.sendIncidentNotification(id, to, NotificationType.IncidentEscalated, { title, severity });
  },

  // What became of a notification, for each person and device, in words.
  'GET /notifications/:id': (_, id) => notifier.notification(id),

  'GET /health': () => notifier.health(),
};

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
    answer(error.code ? 422 : 500, { code: error.code, message: error.message, details: error.details });
  }
});

server.listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));

process.once('SIGTERM', async () => {
  server.close();
  server.closeIdleConnections();
  // What is under way ends, or waits in the file for the next start.
  await notifier.close();
});
