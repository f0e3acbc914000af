import { createPrivateKey, sign } from 'node:crypto';
import http2, { type ClientHttp2Session, type OutgoingHttpHeaders } from 'node:http2';
import type { Sandbox } from '../support/sandbox-of-three.ts';

export interface Reply {
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
  readonly body: string;
}

/** A bare HTTP/2 connection to a simulated provider. */
export interface Client {
  readonly session: ClientHttp2Session;
  /** Rejects when the stream ends without an answer. */
  post(path: string, headers: OutgoingHttpHeaders, body: string): Promise<Reply>;
}

export function connect(sandbox: { readonly ca: string }, origin: string): Client {
  const session = http2.connect(origin, { ca: sandbox.ca });
  session.on('error', () => {});
  return {
    session,
    post: (path, headers, body) =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
        let reply: Omit<Reply, 'body'> | undefined;
        let text = '';
        stream.setEncoding('utf8');
        stream.on('response', (answer) => {
          reply = { status: Number(answer[':status']), headers: answer };
        });
        stream.on('data', (chunk) => {
          text += chunk;
        });
        stream.on('error', reject);
        stream.on('close', () => (reply ? resolve({ ...reply, body: text }) : reject(new Error('no answer'))));
        stream.end(body);
      }),
  };
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

export function jwt(
  header: { alg: 'ES256' | 'RS256'; kid: string },
  claims: object,
  key: string,
  derSignature = false,
) {
  const signed = `${encode(header)}.${encode(claims)}`;
  const dsaEncoding = derSignature ? 'der' : 'ieee-p1363';
  const signature = sign('sha256', Buffer.from(signed), { key: createPrivateKey(key), dsaEncoding });
  return `${signed}.${signature.toString('base64url')}`;
}

export const seconds = (ms = Date.now()) => Math.floor(ms / 1000);

export function providerToken({ credentials: { apns } }: Sandbox, claims: object = {}, derSignature = false): string {
  const header = { alg: 'ES256', kid: apns.keyId } as const;
  return jwt(header, { iss: apns.teamId, iat: seconds(), ...claims }, apns.p8, derSignature);
}

export function assertion({ credentials: { fcm } }: Sandbox, claims: object = {}): string {
  const now = seconds();
  const own = { iss: fcm.client_email, scope: 'x', aud: fcm.token_uri, iat: now, exp: now + 3600, ...claims };
  return jwt({ alg: 'RS256', kid: fcm.private_key_id }, own, fcm.private_key);
}
