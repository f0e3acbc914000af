import { once } from 'node:events';
import http2 from 'node:http2';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openGrpc } from '../../src/grpc/open-grpc.ts';
import { createLog } from '../../src/observe/log/log.ts';
import { builtIn } from '../../src/providers/registry.ts';
import { freePort } from '../support/free-port.ts';
import { authority, configWith, folderWith } from '../tls/tls-kit.ts';

/** Whether an HTTP/2 session to gRPC's port lives long enough to answer a PING. */
async function reaches(port: number, options: http2.SecureClientSessionOptions): Promise<boolean> {
  const session = http2.connect(`https://localhost:${port}`, { ca: authority.ca, ...options });
  onTestFinished(() => session.destroy());
  session.on('error', () => {});
  const answered = new Promise<boolean>((resolve) => {
    session.once('connect', () => session.ping((error) => resolve(error === null)));
  });
  return Promise.race([answered, once(session, 'close').then(() => false)]);
}

test('with core.client_ca gRPC wants a client certificate as well', async () => {
  const { cert, key } = authority.leaf(['localhost']);
  const folder = folderWith({ 'cert.pem': cert, 'key.pem': key, 'clients.pem': authority.ca });
  const port = await freePort();
  const config = configWith({
    'core.ssl': true,
    'core.cert_path': join(folder, 'cert.pem'),
    'core.key_path': join(folder, 'key.pem'),
    'core.client_ca': join(folder, 'clients.pem'),
    'grpc.port': String(port),
  });
  const quiet = { write: () => {} };
  const server = await openGrpc({
    config,
    relay: { accept: () => expect.unreachable(), apps: { providers: builtIn } },
    source: undefined,
    ready: () => true,
    log: createLog(config.log, { stdout: quiet, stderr: quiet }),
  });
  onTestFinished(() => server.close(0));
  expect(await reaches(port, {})).toBe(false);
  expect(await reaches(port, authority.leaf(['backend.example']))).toBe(true);
});
