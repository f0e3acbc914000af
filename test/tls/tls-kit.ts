import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { onTestFinished } from 'vitest';
import type { ConfigKey } from '../../src/config/schema.ts';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { createListener, type Listener, type ListenerOptions } from '../../src/tls/create-listener.ts';
import { buildConfig, type FullConfig as Config } from '../support/config.ts';

/** The defaults, with these values by key path. */
export const configWith = (values: Readonly<Record<string, unknown>>): Config =>
  buildConfig(({ path, leaf }: ConfigKey) => values[path] ?? leaf.default);

/** A folder with these files, gone when the test ends. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

export class Lines {
  readonly infos: string[] = [];
  readonly warnings: string[] = [];
  readonly errors: string[] = [];
  info(message: string): void {
    this.infos.push(message);
  }
  warn(message: string): void {
    this.warnings.push(message);
  }
  error(message: string): void {
    this.errors.push(message);
  }
}

export const authority = makeAuthority('Test CA');

/** Says which protocol the request came by; `/slow` answers after `release`. */
export const sayVersion: RequestListener = (req, res) => void res.end(`${req.method} ${req.url} by ${req.httpVersion}`);

export interface Running extends Listener {
  readonly port: number;
  readonly log: Lines;
  readonly folder: string;
}

/** A listener on a free port of loopback, with a certificate for localhost unless `ssl` is false; closed when the test ends. */
export async function startListener(
  app: RequestListener,
  values: Readonly<Record<string, unknown>> = {},
  more: Partial<ListenerOptions> = {},
): Promise<Running> {
  const { cert, key } = authority.leaf(['localhost', '127.0.0.1']);
  const folder = folderWith({ 'cert.pem': cert, 'key.pem': key });
  const log = new Lines();
  const config = configWith({
    'core.ssl': true,
    'core.address': '127.0.0.1',
    'core.port': '0',
    'core.cert_path': join(folder, 'cert.pem'),
    'core.key_path': join(folder, 'key.pem'),
    ...values,
  });
  const listener = createListener({ config, app, log, ...more });
  const { port } = (await listener.listen()) as AddressInfo;
  onTestFinished(async () => {
    listener.cut();
    await listener.close();
  });
  return { ...listener, port, log, folder };
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One request by HTTP/1.1 on a connection of its own. */
export async function http1(url: string, options: { cert?: string; key?: string; ca?: string } = {}): Promise<Answer> {
  const dispatcher = new Agent({ allowH2: false, connect: { ca: authority.ca, ...options } });
  try {
    const { statusCode, body } = await request(url, { dispatcher });
    return { status: statusCode, body: await body.text() };
  } finally {
    await dispatcher.destroy();
  }
}

/** A session by HTTP/2, closed when the test ends. */
export function http2Session(port: number, options: http2.SecureClientSessionOptions = {}): http2.ClientHttp2Session {
  const session = http2.connect(`https://localhost:${port}`, { ca: authority.ca, ...options });
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  return session;
}

/** One request on a session. Rejects when the stream ends without an answer. */
export function ask(
  session: http2.ClientHttp2Session,
  path: string,
  { method = 'GET', body, headers = {} }: { method?: string; body?: string; headers?: http2.OutgoingHttpHeaders } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': path, ':method': method, ...headers });
    let status = 0;
    let text = '';
    stream.on('response', (answer) => {
      status = answer[':status'] ?? 0;
    });
    stream.setEncoding('utf8');
    stream.on('data', (chunk) => {
      text += chunk;
    });
    stream.on('error', () => {});
    stream.on('close', () => (status ? resolve({ status, body: text }) : reject(new Error(`RST ${stream.rstCode}`))));
    stream.end(body);
  });
}
