/** Server-sent events with nothing around them: what Node itself costs. `node bare-stream-server.ts PORT` */
import { createServer, type ServerResponse } from 'node:http';
import process from 'node:process';
import { json } from 'node:stream/consumers';

function main(): void {
  const streams = new Map<string, ServerResponse>();
  const server = createServer(async (request, response) => {
    if (request.method === 'GET') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
      response.write(':\n\n');
      streams.set((request.url as string).slice(1), response);
      return;
    }
    const { users, text } = (await json(request)) as { users: readonly string[]; text: string };
    for (const user of users) streams.get(user)?.write(`data: ${text}\n\n`);
    response.setHeader('Content-Length', 2).end('{}');
  });
  server.listen(Number(process.argv[2]), '127.0.0.1');
}

if (import.meta.main) main();
