import { createPublicKey, type KeyObject } from 'node:crypto';
import { readSignedJwt } from '../../sandbox/signed-jwt.ts';
import { decodeBase64 } from '../base64.ts';

/** What is wrong with the signature of a push. */
export type VapidFault =
  | 'missing'
  | 'malformed'
  | 'other-key'
  | 'bad-signature'
  | 'audience'
  | 'expired'
  | 'too-long'
  | 'subject';

const HOURS_24 = 24 * 3600;
const SCHEME = /^vapid\s+t=([\w.-]+)\s*,\s*k=([\w-]+=*)$/i;

function keyOf(point: Buffer): KeyObject | undefined {
  const [x, y] = [point.subarray(1, 33).toString('base64url'), point.subarray(33).toString('base64url')];
  try {
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** Looks at `authorization` as push services do (RFC 8292, and who is strict about what: docs/webpush.md). */
export function createVapidCheck(knownKeys: readonly string[], now: () => number) {
  /** The value seen last, and what was found: senders use one for hours. */
  const seen = new Map<string, VapidFault | undefined>();

  const look = (authorization: string, origin: string): VapidFault | undefined => {
    const [, jwt = '', k = ''] = SCHEME.exec(authorization) ?? [];
    const point = decodeBase64(k);
    if (jwt === '' || point?.length !== 65) return 'malformed';
    const key = keyOf(point);
    const token = key && readSignedJwt(jwt, key);
    // Node's check takes DER too; no push service does.
    if (token?.header.alg !== 'ES256') return 'malformed';
    if (!token.genuine || Buffer.from(jwt.split('.')[2] ?? '', 'base64url').length !== 64) return 'bad-signature';
    if (!knownKeys.includes(point.toString('base64url'))) return 'other-key';
    const { aud, exp, sub } = token.claims;
    if (aud !== origin) return 'audience';
    if (typeof sub !== 'string' || !/^(mailto:[^\s@]+@[^\s@.]+\.[^\s@]+|https:\/\/[^\s.]+\.\S+)$/.test(sub))
      return 'subject';
    return typeof exp === 'number' ? undefined : 'malformed';
  };

  const lifeOf = (authorization: string): number => {
    const claims = (SCHEME.exec(authorization)?.[1] ?? '').split('.')[1] ?? '';
    return Number(JSON.parse(Buffer.from(claims, 'base64url').toString()).exp) - now() / 1000;
  };

  return (authorization: string | undefined, origin: string): VapidFault | undefined => {
    if (!authorization) return 'missing';
    const key = `${origin} ${authorization}`;
    if (!seen.has(key)) {
      if (seen.size > 1000) seen.clear();
      seen.set(key, look(authorization, origin));
    }
    const fault = seen.get(key);
    if (fault) return fault;
    const left = lifeOf(authorization);
    if (left <= 0) return 'expired';
    return left > HOURS_24 ? 'too-long' : undefined;
  };
}
