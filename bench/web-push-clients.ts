/**
 * Others at the same work as the relay's web pushes: the `web-push` library, and our encryption with http2-wrapper's `auto`, which
 * chooses the protocol by ALPN. Run as a process of its own (`runWebPushClient`), which tells its rate and its CPU per push; a tenth of
 * the pushes warms it up first.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import wrapper from 'http2-wrapper';
import webpush, { type PushSubscription } from 'web-push';
import { loadVapidCredential, type VapidPairConfig } from '../src/webpush/credentials.ts';
import { Encryptor, OVERHEAD } from '../src/webpush/encryption/encrypt.ts';
import { createVapidTokenSource } from '../src/webpush/token.ts';
import type { ClientResult } from './clients.ts';
import { killAtExit } from './left-behind.ts';

export const WEB_PUSH_CLIENTS = ['web-push', 'http2-wrapper auto'] as const;

export interface WebPushWork {
  readonly client: (typeof WEB_PUSH_CLIENTS)[number];
  readonly subscriptions: readonly PushSubscription[];
  readonly pair: Required<Pick<VapidPairConfig, 'public_key' | 'private_key'>>;
  readonly subject: string;
  readonly payload: string;
  readonly caPath: string;
  readonly pushes: number;
  /** In flight at a time. */
  readonly parallel: number;
}

/** Sends one push; resolves with its status. */
type Send = (subscription: PushSubscription) => Promise<number>;

const TTL = 2_419_200;
/** What the relay allows itself to one origin. */
const CONNECTIONS = 32;

/** As its documentation has it, with connections that are kept. */
function library({ pair, subject, payload, caPath }: WebPushWork): Send {
  const agent = new https.Agent({ keepAlive: true, maxSockets: CONNECTIONS, ca: readFileSync(caPath) });
  const vapidDetails = { subject, publicKey: pair.public_key, privateKey: pair.private_key };
  const options = { vapidDetails, agent, TTL, urgency: 'normal', contentEncoding: 'aes128gcm' } as const;
  return async (subscription) => (await webpush.sendNotification(subscription, payload, options)).statusCode;
}

/** Our encryption and VAPID on the one thread, http2-wrapper's connections. */
function wrapped({ pair, subject, payload, caPath }: WebPushWork): Send {
  const { current } = loadVapidCredential({ vapid: [pair], subject });
  const tokens = createVapidTokenSource({ subject });
  const encryptor = new Encryptor();
  const agent = { http2: new wrapper.Agent(), https: new https.Agent({ keepAlive: true, maxSockets: CONNECTIONS }) };
  const ca = readFileSync(caPath);
  const plaintext = Buffer.from(payload);
  return async ({ endpoint, keys }) => {
    const body = Buffer.allocUnsafe(plaintext.length + OVERHEAD);
    const receiver = { p256dh: Buffer.from(keys.p256dh, 'base64url'), auth: Buffer.from(keys.auth, 'base64url') };
    encryptor.begin();
    encryptor.encrypt(plaintext, receiver, body, 0);
    const { origin, hostname, port, pathname } = new URL(endpoint);
    const headers = {
      'content-type': 'application/octet-stream',
      'content-encoding': 'aes128gcm',
      'content-length': body.length,
      ttl: TTL,
      urgency: 'normal',
      authorization: tokens.authorization(origin, current),
    };
    const options = { protocol: 'https:', hostname, port, path: pathname, method: 'POST', headers, ca, agent };
    const request = await wrapper.auto({ ...options, servername: 'localhost' } as wrapper.AutoRequestOptions);
    request.end(body);
    const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
    response.resume();
    await once(response, 'end');
    return response.statusCode ?? 0;
  };
}

const makers = { 'web-push': library, 'http2-wrapper auto': wrapped };

async function round(send: Send, { subscriptions, parallel }: WebPushWork, count: number): Promise<number> {
  let [started, succeeded] = [0, 0];
  const lane = async (): Promise<void> => {
    while (started < count) {
      const status = await send(subscriptions[started++ % subscriptions.length] as PushSubscription);
      if (status === 201) succeeded++;
    }
  };
  await Promise.all(Array.from({ length: parallel }, lane));
  return succeeded;
}

async function main(work: WebPushWork): Promise<void> {
  const send = makers[work.client](work);
  await round(send, work, Math.ceil(work.pushes / 10));
  const [cpu, begun] = [process.cpuUsage(), performance.now()];
  const succeeded = await round(send, work, work.pushes);
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const result = { perSecond: work.pushes / seconds, cpuUs: (user + system) / work.pushes, succeeded };
  process.send?.(result satisfies ClientResult);
  process.exit();
}

/** @throws when the client ends without a result */
export async function runWebPushClient(work: WebPushWork): Promise<ClientResult> {
  const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const;
  const child = killAtExit(fork(fileURLToPath(import.meta.url), { stdio: [...stdio] }));
  // Too much for an argument.
  child.send(work);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the client ${work.client} ended with ${code}`);
  });
  const [result] = (await Promise.race([once(child, 'message'), ended])) as [ClientResult];
  await ended.catch(() => {});
  return result;
}

if (import.meta.main) {
  const [work] = (await once(process, 'message')) as [WebPushWork];
  await main(work);
}
