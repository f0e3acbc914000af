/**
 * The back end of a page on which a person sees what is for them: it signs people in, gets their tokens from the relay, and serves the
 * page with the client of the package. `node server.js [port] [port of the relay] [folder]`; see README.md.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join, resolve } from 'node:path';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { makeSettings } from './make-settings.js';
import { clientFiles, martlet } from './martlet-files.js';

const [port = '8080', relayPort = '8081', folder = 'data'] = process.argv.slice(2);
const HERE = dirname(fileURLToPath(import.meta.url));
const origin = `http://localhost:${port}`;
const relay = `http://127.0.0.1:${relayPort}`;

mkdirSync(folder, { recursive: true });
const { apiKey, publicKey } = makeSettings(folder, { origin, relayPort });

/** What this back end asks of the relay, with its own key; people never see that one. */
async function ask(method, path, body) {
  const response = await fetch(relay + path, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer.message}`);
  return answer;
}

/** Who is signed in, by the text in the cookie. A real back end asks for a password, and keeps this in its database. */
const sessions = new Map();
const NAME = /^[\p{L}\p{N} .-]{1,40}$/u;

const sessionOf = (request) => /(?:^|; )session=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
const cookie = (session, age) => `session=${session}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${age}`;

/** Each gets the person who is signed in, and the body. */
const routes = {
  'GET /settings': (person) => ({ body: { relay, applicationServerKey: publicKey, person: person ?? null } }),

  'POST /sign-in': async (_, { name = '' }) => {
    if (!NAME.test(name)) return { status: 422, body: { message: 'a name has 1 to 40 letters and digits' } };
    const person = { id: name.trim().toLowerCase(), name: name.trim() };
    await ask('PUT', `/v1/users/${encodeURIComponent(person.id)}`, { name: person.name });
    const session = randomUUID();
    sessions.set(session, person);
    return { body: person, headers: { 'set-cookie': cookie(session, 86_400) } };
  },

  'POST /sign-out': (_person, _body, session) => {
    sessions.delete(session);
    return { body: {}, headers: { 'set-cookie': cookie('', 0) } };
  },

  // What the page opens its stream with: good for an hour, and for this person alone.
  'POST /push-token': async (person) =>
    person
      ? { body: await ask('POST', `/v1/users/${encodeURIComponent(person.id)}/tokens`, {}) }
      : { status: 401, body: { message: 'sign in first' } },

  // So that there is something to see: a real back end sends when something has happened.
  'POST /send': async (person, { title, message }) => {
    if (!person) return { status: 401, body: { message: 'sign in first' } };
    const id = randomUUID();
    const url = `${origin}/?notification=${id}`;
    const to = { users: [person.id] };
    return { body: await ask('POST', '/v1/notifications', { id, type: 'demo.note', title, message, url, to }) };
  },
};

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.ts': 'text/javascript', '.css': 'text/css' };
const POLICY = `default-src 'self'; img-src 'self' data:; connect-src 'self' ${relay}; frame-ancestors 'none'`;

/** Of the page, or of the package; undefined: there is none. */
function fileOf(path) {
  const client = clientFiles(path);
  if (client !== undefined) return client;
  const file = join(HERE, 'page', path === '/' ? 'index.html' : path);
  return /^\/[\w-]*(\.\w+)?$/.test(path) && existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

async function answer(request, response) {
  const { pathname } = new URL(request.url, origin);
  const route = routes[`${request.method} ${pathname}`];
  if (route) {
    const session = sessionOf(request);
    const body = request.method === 'POST' ? await json(request).catch(() => ({})) : {};
    const told = await route(sessions.get(session), body, session);
    response.writeHead(told.status ?? 200, { 'content-type': 'application/json', ...told.headers });
    response.end(JSON.stringify(told.body));
    return;
  }
  const text = request.method === 'GET' ? fileOf(pathname) : undefined;
  const type = TYPES[extname(pathname) || '.html'] ?? 'text/plain';
  response.writeHead(text === undefined ? 404 : 200, {
    'content-type': `${type}; charset=utf-8`,
    'content-security-policy': POLICY,
  });
  response.end(text ?? 'not found');
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error.message);
    response.writeHead(500, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ message: 'the relay could not be asked' }));
  });
});

const { main } = martlet;
const child = spawn(process.execPath, [main, '-c', resolve(folder, 'config.json')], {
  cwd: folder,
  stdio: ['ignore', 'ignore', 'inherit'],
});

function end() {
  child.kill();
  server.closeAllConnections();
  server.close();
}
child.on('exit', (code) => {
  process.exitCode ||= code ?? 0;
  end();
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, end);

/** It has started when it says so. */
async function relayIsUp() {
  while (child.exitCode === null) {
    const answered = await fetch(`${relay}/healthz`).catch(() => undefined);
    if (answered?.ok) return true;
    await new Promise((again) => setTimeout(again, 50));
  }
  return false;
}

if (await relayIsUp()) server.listen(Number(port), 'localhost', () => console.log(origin));
