import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startGuardedRelay } from '../auth/guarded-relay.ts';

/** The first line of the answer to a request that says it is of this version. */
async function ask(url: string, target: string, version: string): Promise<string | undefined> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.end(`${target} ${version}\r\nHost: a\r\nConnection: close\r\n\r\n`);
  const [data] = await once(socket, 'data');
  socket.destroy();
  return String(data).split('\r\n')[0];
}

test.each(['HTTP/2.0', 'HTTP/1.0', 'HTTP/1.1'])(
  'a request of HTTP/1.1 that says it is of %s is answered like any other',
  async (version) => {
    const relay = await startGuardedRelay({ auth: {} });
    for (const [target, status] of [
      ['GET /healthz', 200],
      ['GET /v1/apps', 403],
      ['GET /nothing', 404],
      ['POST /v1/apps', 403],
    ])
      expect(await ask(relay.url, `${target}`, version), `${target}`).toMatch(`HTTP/1.1 ${status} `);
    expect(relay.lines()).not.toMatch(/nothing handles|a request failed/);
  },
);
