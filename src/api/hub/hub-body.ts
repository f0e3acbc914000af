import type { IncomingMessage } from 'node:http';
import type { BodyRoom } from '../../kit/http/body-room.ts';
import { readBody } from '../../kit/http/read-body.ts';
import type { Json } from '../../push/push.ts';
import { isTooDeep } from '../../push/wire/json-limits.ts';
import { bodyRefusal, callerRoom } from '../caller-room.ts';
import { HubRefusal } from './hub-refusal.ts';

/** Bytes. */
export const MAX_BODY = 1_048_576;
const MAX_DEPTH = 100;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The bytes of a body. @throws HubRefusal when there are too many, they come too slowly, or there is no room */
export const bodyBytes = (req: IncomingMessage, bodies: BodyRoom | undefined, limit = MAX_BODY): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    readBody(req, { limit, room: callerRoom(req, bodies) }, (body) => {
      if (typeof body !== 'string') return resolve(body);
      const { kind, message, headers } = bodyRefusal(body, `${limit} bytes`);
      const again = headers['Retry-After'];
      reject(new HubRefusal(kind, message, again === undefined ? {} : { retryAfter: Number(again) }));
    }),
  );

function parsed(bytes: Buffer): { readonly text: string; readonly value: unknown } {
  try {
    const text = utf8.decode(bytes);
    return { text, value: JSON.parse(text) };
  } catch {
    // The parser quotes the text, which may be a secret.
    throw new HubRefusal('invalid', 'the body is not JSON in UTF-8');
  }
}

/** @throws HubRefusal for what is not JSON in UTF-8, or nested deeper than anything that has a meaning here */
export function jsonOf(bytes: Buffer): unknown {
  const { text, value } = parsed(bytes);
  if (isTooDeep(text, value as Json, { depth: MAX_DEPTH, keys: Number.POSITIVE_INFINITY }))
    throw new HubRefusal('invalid', `the body is nested more than ${MAX_DEPTH} deep`);
  return value;
}
