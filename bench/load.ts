/** What is posted to `/api/push`, and by whom. */
import { Agent, request } from 'node:http';
import { monotonicUs } from './delaying-provider.ts';
import { h2load } from './h2load.ts';
import type { Post } from './measure.ts';
import type { Workbench } from './workbench.ts';

export type Platform = 'apns' | 'fcm';

const TITLE = 'Your parcel has arrived';
const MESSAGE = 'It is at the pick-up point in Harbour Street 7 until Friday, 18:00.';
export const TOPIC = 'com.example.app';

/** What the relay sends for one push of ours, near enough for a limit: the same size, the same headers. */
export const providerRequest = {
  apns: {
    body: JSON.stringify({ aps: { alert: { title: TITLE, body: MESSAGE } } }),
    headers: {
      'apns-topic': TOPIC,
      'apns-push-type': 'alert',
      'content-type': 'application/json; charset=utf-8',
      authorization: `bearer ${'e'.repeat(180)}`,
    },
  },
  fcm: {
    body: JSON.stringify({ message: { token: 'd'.repeat(142), notification: { title: TITLE, body: MESSAGE } } }),
    headers: { 'content-type': 'application/json', authorization: 'Bearer ya29.bench' },
  },
} as const;

/** JSON of a request with `notifications` of `tokens` tokens each. */
export function pushBody(
  bench: Workbench,
  platform: Platform,
  { notifications, tokens, message = MESSAGE }: { notifications: number; tokens: number; message?: string },
): string {
  const known = platform === 'apns' ? bench.apnsTokens : bench.fcmTokens;
  const own = platform === 'apns' ? { platform: 1, topic: TOPIC } : { platform: 2 };
  const one = (index: number) => ({
    ...own,
    tokens: Array.from({ length: tokens }, (_, i) => known[(index + i) % known.length]),
    title: TITLE,
    message,
  });
  return JSON.stringify({ notifications: Array.from({ length: notifications }, (_, index) => one(index)) });
}

export interface Posting {
  readonly url: string;
  readonly bodyPath: string;
  /** Pushes in one request. */
  readonly pushes: number;
  readonly requests: number;
  readonly connections: number;
}

/** By h2load over HTTP/1.1: each connection posts its next request when the last one is answered. */
export const posting =
  ({ url, bodyPath, pushes, requests, connections }: Posting): Post =>
  async () => {
    const headers = { 'content-type': 'application/json' };
    const { succeeded, output } = await h2load({ urls: url, bodyPath, headers, requests, connections });
    if (succeeded === 0) throw new Error(`no request was taken:\n${output}`);
    return succeeded * pushes;
  };

const SLICE_MS = 5;
const CONNECTIONS = 32;

function postOnce(url: string, agent: Agent, body: string): Promise<boolean> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve) => {
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200));
    });
    sent.on('error', () => resolve(false));
    sent.end(body);
  });
}

export interface Pace {
  readonly url: string;
  readonly platform: Platform;
  readonly perSecond: number;
  readonly seconds: number;
}

/** Single-token requests at a steady rate, each stamped with the time of its post (see delaying-provider.ts). */
export const pacedPosting =
  (bench: Workbench, { url, platform, perSecond, seconds }: Pace): Post =>
  async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    const total = perSecond * seconds;
    const sent: Promise<boolean>[] = [];
    const begun = performance.now();
    while (sent.length < total) {
      const due = Math.min(total, ((performance.now() - begun) / 1000) * perSecond);
      while (sent.length < due) {
        const message = `@${monotonicUs()}@`;
        sent.push(postOnce(url, agent, pushBody(bench, platform, { notifications: 1, tokens: 1, message })));
      }
      await new Promise((resolve) => setTimeout(resolve, SLICE_MS));
    }
    const taken = (await Promise.all(sent)).filter(Boolean).length;
    agent.destroy();
    return taken;
  };
