/** What all scenarios share: a folder with credentials, bodies and the files that nghttpd serves, and where the providers are. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAuthority } from '../src/sandbox/certificates.ts';
import { atExit } from './left-behind.ts';
import { APNS_ADDRESS, APNS_HOST, FCM_ADDRESS, FCM_HOST, isInside } from './own-namespace.ts';
import type { Certificate, Place } from './providers.ts';

export interface Target extends Place {
  readonly origin: string;
}

export interface Workbench {
  readonly dir: string;
  readonly caPath: string;
  readonly certificate: Certificate;
  /** What nghttpd serves: a file for each APNs path (empty, as Apple's answer is) and FCM's one path (its JSON answer). */
  readonly docs: string;
  readonly apns: Target;
  readonly fcm: Target;
  /** Few, as nghttpd looks at a file for each path; 64 hexadecimal digits. */
  readonly apnsTokens: readonly string[];
  readonly fcmTokens: readonly string[];
  /** Writes a file of this name and tells its path. */
  write(name: string, content: string): string;
  close(): Promise<void>;
}

export const PROJECT = 'demo-project';
export const FCM_PATH = `/v1/projects/${PROJECT}/messages:send`;

const TOKENS = 16;
const HTTPS = 443;
const FCM_TOKEN_LENGTH = 142;

export function freePort(address = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createTcpServer().once('error', reject);
    probe.listen(0, address, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

async function target(name: string, address: string): Promise<Target> {
  if (isInside()) return { address, port: HTTPS, origin: `https://${name}` };
  const port = await freePort(address);
  return { address, port, origin: `https://${address}:${port}` };
}

/** Google's sign-in: any assertion gets a bearer. */
async function openSignIn(cert: string, key: string) {
  const server = createServer({ cert, key }, (request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ access_token: 'ya29.bench', expires_in: 3599, token_type: 'Bearer' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/token`, server };
}

function writeCredentials(write: Workbench['write'], tokenUri: string): void {
  const pem = {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  } as const;
  write('AuthKey.p8', generateKeyPairSync('ec', { namedCurve: 'P-256', ...pem }).privateKey);
  const account = {
    type: 'service_account',
    project_id: PROJECT,
    private_key_id: 'kid1',
    private_key: generateKeyPairSync('rsa', { modulusLength: 2048, ...pem }).privateKey,
    client_email: `push@${PROJECT}.iam.gserviceaccount.com`,
    client_id: '1',
    token_uri: tokenUri,
  };
  write('fcm.json', JSON.stringify(account));
}

function writeDocs(docs: string, apnsTokens: readonly string[]): void {
  const devices = join(docs, '3', 'device');
  mkdirSync(devices, { recursive: true });
  for (const token of apnsTokens) writeFileSync(join(devices, token), '');
  const messages = join(docs, FCM_PATH);
  mkdirSync(join(messages, '..'), { recursive: true });
  writeFileSync(messages, JSON.stringify({ name: `projects/${PROJECT}/messages/0:1700000000000000%0000000000000000` }));
}

export async function openWorkbench(): Promise<Workbench> {
  const dir = mkdtempSync(join(tmpdir(), 'martlet-bench-'));
  const forget = atExit(() => rmSync(dir, { recursive: true, force: true }));
  const write = (name: string, content: string): string => {
    const path = join(dir, name);
    writeFileSync(path, content);
    return path;
  };
  const authority = makeAuthority('Martlet bench CA');
  const names = [
    APNS_HOST,
    'api.sandbox.push.apple.com',
    FCM_HOST,
    'localhost',
    '127.0.0.1',
    APNS_ADDRESS,
    FCM_ADDRESS,
  ];
  const leaf = authority.leaf(names);
  const signIn = await openSignIn(leaf.cert, leaf.key);
  writeCredentials(write, signIn.url);
  const count = Array.from({ length: TOKENS }, (_, i) => i);
  const apnsTokens = count.map((i) => i.toString(16).padStart(2, '0').repeat(32));
  const docs = join(dir, 'docs');
  writeDocs(docs, apnsTokens);
  return {
    dir,
    caPath: write('ca.pem', authority.ca),
    certificate: { certPath: write('leaf.pem', leaf.cert), keyPath: write('leaf.key', leaf.key) },
    docs,
    apns: await target(APNS_HOST, APNS_ADDRESS),
    fcm: await target(FCM_HOST, FCM_ADDRESS),
    apnsTokens,
    fcmTokens: count.map((i) => `d${i.toString(16)}XQ:APA91b`.padEnd(FCM_TOKEN_LENGTH, 'Zk3-x_9Q')),
    write,
    async close() {
      signIn.server.closeAllConnections();
      signIn.server.close();
      rmSync(dir, { recursive: true, force: true });
      forget();
    },
  };
}
