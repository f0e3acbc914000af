import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { onTestFinished } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { authority, folderWith } from './tls-kit.ts';

/** Let's Encrypt's test authority: `go install github.com/letsencrypt/pebble/v2/cmd/pebble@latest`. */
/** The question's bytes, and for type A the answer 127.0.0.1 (RFC 1035 section 4). */
function dnsAnswer(query: Buffer): Buffer {
  let end = 12;
  while (query[end]) end += (query[end] as number) + 1;
  const question = query.subarray(12, end + 5);
  const isA = query.readUInt16BE(end + 1) === 1;
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(isA ? 1 : 0, 6);
  head.writeUInt32BE(0, 8);
  const address = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
  return Buffer.concat([head, question, isA ? address : Buffer.alloc(0)]);
}

/** A name server, by TCP as Pebble asks, for which every name is loopback. Returns its port. */
async function openNames(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (message: Buffer) => {
      const answer = dnsAnswer(message.subarray(2));
      socket.write(Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 255]), answer]));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

export interface Pebble {
  readonly directory: string;
  /** Trusts the authority's API. */
  readonly dispatcher: Agent;
  /** The root of the certificates it issues, PEM. */
  root(): Promise<string>;
}

async function answering(url: string, dispatcher: Agent, process: ChildProcess): Promise<void> {
  for (;;) {
    if (process.exitCode !== null) throw new Error(`pebble ended with ${process.exitCode}`);
    const up = await request(url, { dispatcher }).then(
      ({ body }) => body.dump().then(() => true),
      () => false,
    );
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** An authority that validates on these ports of loopback; ended when the test ends. */
export async function startPebble(ports: { http: number; tls: number }): Promise<Pebble> {
  const { cert, key } = authority.leaf(['localhost', '127.0.0.1']);
  const [listen, management] = [await freePort(), await freePort()];
  const config = {
    listenAddress: `127.0.0.1:${listen}`,
    managementListenAddress: `127.0.0.1:${management}`,
    httpPort: ports.http,
    tlsPort: ports.tls,
    retryAfter: { authz: 1, order: 1 },
    keyAlgorithm: 'ecdsa',
    profiles: { default: { description: '90 days', validityPeriod: 7_776_000 } },
  };
  const folder = folderWith({ 'api.pem': cert, 'api.key': key });
  const file = { pebble: { ...config, certificate: join(folder, 'api.pem'), privateKey: join(folder, 'api.key') } };
  const path = join(folderWith({ 'pebble.json': JSON.stringify(file) }), 'pebble.json');
  const child = spawn('pebble', ['-config', path, '-dnsserver', `127.0.0.1:${await openNames()}`], {
    env: { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_AUTHZREUSE: '0' },
    stdio: 'ignore',
  });
  const dispatcher = new Agent({ connect: { ca: authority.ca } });
  onTestFinished(async () => {
    await dispatcher.destroy();
    if (child.exitCode !== null) return;
    child.kill();
    await once(child, 'exit');
  });
  const directory = `https://localhost:${listen}/dir`;
  await answering(directory, dispatcher, child);
  return {
    directory,
    dispatcher,
    async root() {
      const { body } = await request(`https://localhost:${management}/roots/0`, { dispatcher });
      return body.text();
    },
  };
}
