import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { forgetHead } from '../../../src/kit/http/forget-head.ts';

async function answered(answer: (res: ServerResponse) => void): Promise<Response> {
  const server = createServer((_req, res) => answer(res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

/** The names by which this Node keeps a head: should they change, the test below says so. */
const keptOf = (res: ServerResponse): unknown[] => {
  const symbol = Object.getOwnPropertySymbols(res).find(({ description }) => description === 'kOutHeaders');
  return [(res as { _header?: string })._header, symbol && (res as unknown as Record<symbol, unknown>)[symbol]];
};

test('an answer goes on without its head, of which nothing is kept', async () => {
  let [before, kept, isSent]: [unknown[], unknown[], boolean] = [[], [], false];
  const answer = await answered((res) => {
    res.setHeader('X-Before', 'one');
    res.writeHead(200, { 'Content-Type': 'text/plain', 'X-Long': 'x'.repeat(500) });
    res.write('a');
    setImmediate(() => {
      before = keptOf(res);
      forgetHead(res);
      kept = keptOf(res);
      isSent = res.headersSent;
      res.write('b');
      setImmediate(() => res.end('c'));
    });
  });
  expect([answer.status, await answer.text()]).toEqual([200, 'abc']);
  expect([answer.headers.get('x-before'), answer.headers.get('x-long')?.length]).toEqual(['one', 500]);
  expect(before).toEqual([expect.stringContaining('X-Long'), expect.anything()]);
  expect([kept, isSent]).toEqual([['sent', null], true]);
});

test('one whose head is not written yet keeps it', async () => {
  const answer = await answered((res) => {
    res.setHeader('X-Before', 'one');
    forgetHead(res);
    res.writeHead(201);
    forgetHead(res);
    res.write('late');
    forgetHead(res);
    res.end();
  });
  expect([answer.status, answer.headers.get('x-before'), await answer.text()]).toEqual([201, 'one', 'late']);
});
