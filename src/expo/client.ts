import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { type PostResult, post } from '../carrier/http-post.ts';

const compress = promisify(gzip);
/** Bytes: a smaller body is not worth compressing, as Expo's own client has it. */
const SMALL = 1024;

export interface ExpoClientOptions {
  readonly dispatcher: Dispatcher;
  readonly endpoint: string;
  /** Empty: none. */
  readonly accessToken: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** One request to Expo, compressed where it is worth it. Never rejects. */
export async function askExpo(
  path: 'send' | 'getReceipts',
  value: unknown,
  options: ExpoClientOptions,
): Promise<PostResult> {
  const { dispatcher, endpoint, accessToken, timeoutMs, signal } = options;
  const text = Buffer.from(JSON.stringify(value));
  const isLarge = text.length > SMALL;
  return post(dispatcher, {
    origin: endpoint,
    path: `/--/api/v2/push/${path}`,
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      ...(isLarge ? { 'content-encoding': 'gzip' } : {}),
      ...(accessToken === '' ? {} : { authorization: `Bearer ${accessToken}` }),
    },
    body: isLarge ? await compress(text) : text,
    timeoutMs,
    signal,
  });
}
