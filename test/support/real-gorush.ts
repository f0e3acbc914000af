import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { openSecureServer } from '../../src/sandbox/secure-server.ts';
import { startConnectProxy } from './connect-proxy.ts';
import { startProgram } from './start-program.ts';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

const SERVICE_ACCOUNT = {
  type: 'service_account',
  project_id: 'p1',
  private_key: privateKey,
  client_email: 'gorush@p1.iam.gserviceaccount.com',
  token_uri: 'https://oauth2.googleapis.com/token',
};

const UNREGISTERED = {
  error: {
    code: 404,
    message: 'Requested entity was not found.',
    status: 'NOT_FOUND',
    details: [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: 'UNREGISTERED' }],
  },
};

interface FcmMessage {
  readonly token: string;
  readonly notification?: object;
  readonly data?: object;
}

/** FCM and Google's sign-in, for programs that trust `caPath` and take the proxy: tokens that begin with `dead` are. */
export async function startFcm() {
  const authority = makeAuthority();
  const messages: FcmMessage[] = [];
  const json = { 'content-type': 'application/json' };
  const leaf = authority.leaf(['fcm.googleapis.com', 'oauth2.googleapis.com']);
  const server = await openSecureServer({ leaf, http1: true }, (exchange) => {
    if (exchange.path === '/token') {
      exchange.respond(200, json, JSON.stringify({ access_token: 'a', expires_in: 3600, token_type: 'Bearer' }));
      return;
    }
    const { message } = JSON.parse(exchange.body.toString()) as { message: FcmMessage };
    messages.push(message);
    if (message.token.startsWith('dead')) exchange.respond(404, json, JSON.stringify(UNREGISTERED));
    else exchange.respond(200, json, JSON.stringify({ name: `projects/p1/messages/${messages.length}` }));
  });
  const proxy = await startConnectProxy({ leadsTo: Number(new URL(server.origin).port) });
  const folder = mkdtempSync(join(tmpdir(), 'martlet-fcm-'));
  const caPath = join(folder, 'ca.pem');
  writeFileSync(caPath, authority.ca);
  onTestFinished(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { messages, proxy: `http://127.0.0.1:${proxy.port}`, caPath };
}

export type Fcm = Awaited<ReturnType<typeof startFcm>>;

/** The real Gorush v1.22.0, which sends to that FCM. */
export async function startGorush({ proxy, caPath }: Fcm, core: object = { sync: true }) {
  const gorush = await startProgram('env', (port, folder) => {
    const keyPath = join(folder, 'fcm.json');
    writeFileSync(keyPath, JSON.stringify(SERVICE_ACCOUNT));
    const config = {
      core: { address: '127.0.0.1', port: String(port), ...core },
      android: { enabled: true, key_path: keyPath },
      ios: { enabled: false },
    };
    const path = join(folder, 'config.yml');
    writeFileSync(path, JSON.stringify(config));
    return [`HTTPS_PROXY=${proxy}`, `SSL_CERT_FILE=${caPath}`, 'gorush', '-c', path];
  });
  onTestFinished(() => gorush.end());
  return { ...gorush, url: `http://${gorush.addr}`, stop: () => gorush.stop('SIGKILL'), start: () => gorush.start() };
}
