// Live notifications of people in plain Node: see README.md.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { createNotifier, memoryStore, memoryTracker, sqliteStore } from 'martlet/notify';

const [port = '8080', file] = process.argv.slice(2);
const store = file ? await sqliteStore(file) : memoryStore();
const presence = memoryTracker();
const notifier = createNotifier({ store, presence });

/** A real one looks at a session or token. */
const personOf = (url) => url.searchParams.get('user') ?? '';

/** Server-sent events: an EventSource comes back by itself with the last id that it has. */
async function stream(res, user, lastId) {
  const gone = new AbortController();
  res.on('close', () => gone.abort());
  const registration = await presence.register(user);
  const events = await notifier.subscribe(user, lastId);
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' });
  res.write('retry: 3000\n: hello\n\n');
  const heartbeat = setInterval(() => res.write(':\n\n'), 15_000);
  try {
    for (;;) {
      const { id, type, payload } = await events.next({ signal: gone.signal });
      res.write(`${id ? `id: ${id}\n` : ''}event: ${type}\ndata: ${JSON.stringify(payload)}\n\n`);
      if (res.writableNeedDrain) await once(res, 'drain', { signal: gone.signal });
    }
  } catch {
    // The reader has gone, or the server ends.
    res.end();
  } finally {
    clearInterval(heartbeat);
    await events.close();
    await registration.unregister();
  }
}

/** `{"users": ["ada"], "type": "…", "payload": …}` */
async function push(req, res) {
  const { users, ...event } = JSON.parse(await text(req));
  const { events, failed } = await notifier.pushMulti(users, event);
  res.writeHead(202, { 'content-type': 'application/json' });
  res.end(JSON.stringify({ kept: events.size, failed }));
}

const server = createServer(async (req, res) => {
  const url = new URL(req.url, 'http://localhost');
  try {
    if (req.method === 'GET' && url.pathname === '/stream')
      await stream(res, personOf(url), req.headers['last-event-id'] ?? '');
    else if (req.method === 'POST' && url.pathname === '/push') await push(req, res);
    else res.writeHead(404).end();
  } catch (error) {
    if (!res.headersSent) res.writeHead(400);
    res.end(`${error.message}\n`);
  }
});
server.listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));

process.once('SIGTERM', async () => {
  server.close();
  await notifier.close();
  await presence.close();
  await store.close();
});
