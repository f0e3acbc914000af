import { createPrivateKey, sign } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { json } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { generateVapidPair } from '../../../src/webpush/credentials.ts';
import { authority, startPushService } from '../web-workplace.ts';

const HOST = 'updates.push.services.mozilla.com';
const HOUR = 3600;
const NOW = 1_767_600_000;

type Pair = ReturnType<typeof generateVapidPair>;

/** `authorization` of RFC 8292. */
function vapid(pair: Pair, claims: object, encoding: 'ieee-p1363' | 'der' = 'ieee-p1363'): string {
  const point = Buffer.from(pair.public_key, 'base64url');
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString('base64url'));
  const key = createPrivateKey({
    key: { kty: 'EC', crv: 'P-256', x: x as string, y: y as string, d: pair.private_key },
    format: 'jwk',
  });
  const text = [{ typ: 'JWT', alg: 'ES256' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: encoding }).toString('base64url');
  return `vapid t=${text}.${signature}, k=${pair.public_key}`;
}

const CLAIMS = { aud: `https://${HOST}`, exp: NOW + HOUR, sub: 'mailto:push@martlet.dev' };

/** In the form of RFC 8291. */
function bodyOf(length: number): Buffer {
  const body = Buffer.alloc(length);
  body.writeUInt32BE(4096, 16);
  body[20] = 65;
  body[21] = 4;
  return body;
}

interface Change {
  readonly headers?: Record<string, string | undefined>;
  readonly body?: Buffer;
  readonly path?: string;
  readonly claims?: object;
  readonly pair?: Pair;
  readonly encoding?: 'der';
}

async function start() {
  const service = await startPushService(() => NOW * 1000);
  const session = connect(service.origin, { ca: authority.ca });
  onTestFinished(() => session.destroy());
  return async (change: Change = {}) => {
    const { headers, body = bodyOf(200), path = '/wpush/v2/one', claims, pair = service.current, encoding } = change;
    const stream = session.request({
      ...{ ':method': 'POST', ':path': path, ':authority': HOST, 'content-encoding': 'aes128gcm', ttl: '60' },
      authorization: vapid(pair, { ...CLAIMS, ...claims }, encoding),
      ...headers,
    });
    stream.end(body);
    const [answer] = await once(stream, 'response');
    const status = answer[':status'] as number;
    if (status === 201) {
      stream.resume();
      return [status];
    }
    return [status, ((await json(stream)) as { errno: number }).errno];
  };
}

test('a right push is taken', async () => {
  const push = await start();
  expect(await push()).toEqual([201]);
  expect(await push({ headers: { urgency: 'high', topic: 'abc-_1' } })).toEqual([201]);
});

test.each([
  ['no signature', { headers: { authorization: undefined } }, [401, 109]],
  ['one of a pair that is unknown', { pair: generateVapidPair() }, [401, 109]],
  ['one in DER', { encoding: 'der' }, [401, 109]],
  ['one for another service', { claims: { aud: 'https://fcm.googleapis.com' } }, [401, 109]],
  ['one that is over', { claims: { exp: NOW - 1 } }, [401, 109]],
  ['one for more than 24 hours', { claims: { exp: NOW + 25 * HOUR } }, [401, 109]],
  ['one without a subject', { claims: { sub: '' } }, [401, 109]],
  ['no TTL', { headers: { ttl: undefined } }, [400, 111]],
  ['an urgency that is none', { headers: { urgency: 'asap' } }, [400, 101]],
  ['a topic that is none', { headers: { topic: 'a b' } }, [400, 113]],
  ['another coding', { headers: { 'content-encoding': 'aesgcm' } }, [400, 101]],
  ['more than 4,096 bytes', { body: bodyOf(4097) }, [413, 104]],
  ['a body of another form', { body: Buffer.alloc(200) }, [400, 110]],
  ['what its own browser cannot read', { path: '/wpush/v2/sandbox-one' }, [400, 110]],
] as [string, Change, number[]][])('%s is refused', async (_, change, expected) => {
  const push = await start();
  expect(await push(change)).toEqual(expected);
});
