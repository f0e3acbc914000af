import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { generateVapidPair, loadVapidCredential, type VapidPair } from '../../src/webpush/credentials.ts';
import { createVapidTokenSource, signVapid } from '../../src/webpush/token.ts';

const HOUR = 3_600_000;
const SUBJECT = 'mailto:push@example.com';

function pair(): VapidPair {
  const raw = generateVapidPair();
  return loadVapidCredential({
    vapid: [{ id: '', state: '', ...raw }],
    subject: SUBJECT.replace('example.com', 'martlet.dev'),
  }).current;
}

function readJwt(jwt: string, publicKey: string) {
  const [header = '', claims = '', signature = ''] = jwt.split('.');
  const point = Buffer.from(publicKey, 'base64url');
  const key = createPublicKey({
    key: { kty: 'EC', crv: 'P-256', x: point.toString('base64url', 1, 33), y: point.toString('base64url', 33) },
    format: 'jwk',
  });
  const signed = Buffer.from(`${header}.${claims}`);
  return {
    header: JSON.parse(Buffer.from(header, 'base64url').toString()),
    claims: JSON.parse(Buffer.from(claims, 'base64url').toString()),
    genuine: verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url')),
  };
}

const jwtOf = (authorization: string): string => /^vapid t=([^,]+), k=/.exec(authorization)?.[1] ?? '';

/** RFC 8292 section 2.4. */
const RFC8292 = {
  jwt: 'eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA',
  k: 'BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs',
};

describe('the JWT', () => {
  test('has the header and the claims of the example of RFC 8292, byte for byte', () => {
    expect(readJwt(RFC8292.jwt, RFC8292.k).genuine).toBe(true);
    const ours = signVapid(pair(), 'https://push.example.net', 1_453_523_768, SUBJECT);
    expect(ours.split('.').slice(0, 2)).toEqual(RFC8292.jwt.split('.').slice(0, 2));
  });

  test('is signed by the pair: R and S side by side, 64 bytes', () => {
    const by = pair();
    const jwt = signVapid(by, 'https://push.example.net', 1, SUBJECT);
    expect(readJwt(jwt, by.publicKey).genuine).toBe(true);
    expect(Buffer.from(jwt.split('.')[2] ?? '', 'base64url').length).toBe(64);
  });
});

describe('the source', () => {
  test('gives one value for each origin and pair, and signs again at 80 % of its 12 hours', () => {
    let time = 1_700_000_000_000;
    const [one, other] = [pair(), pair()];
    const source = createVapidTokenSource({ subject: SUBJECT, now: () => time });
    const first = source.authorization('https://a.test', one);
    expect(first).toMatch(/^vapid t=[\w-]+\.[\w-]+\.[\w-]+, k=[\w-]{87}$/);
    const { claims } = readJwt(jwtOf(first), one.publicKey);
    expect(claims).toEqual({ aud: 'https://a.test', exp: (time + 12 * HOUR) / 1000, sub: SUBJECT });
    expect(source.authorization('https://b.test', one)).not.toBe(first);
    expect(source.authorization('https://a.test', other)).not.toBe(first);
    time += 9.5 * HOUR;
    expect(source.authorization('https://a.test', one)).toBe(first);
    time += 0.2 * HOUR;
    expect(source.authorization('https://a.test', one)).not.toBe(first);
  });

  test('signs again when the clock was set back', () => {
    let time = 1_700_000_000_000;
    const one = pair();
    const source = createVapidTokenSource({ subject: SUBJECT, now: () => time });
    const first = source.authorization('https://a.test', one);
    time -= 24 * HOUR;
    expect(source.authorization('https://a.test', one)).not.toBe(first);
  });

  test('signs by the clock of a service that refuses ours, once', () => {
    const time = 1_700_000_000_000;
    const theirs = time - 30 * HOUR;
    const one = pair();
    const source = createVapidTokenSource({ subject: SUBJECT, now: () => time });
    const first = source.authorization('https://a.test', one);
    expect(source.refused('https://a.test', one, first, theirs)).toBe(true);
    const second = source.authorization('https://a.test', one);
    expect(readJwt(jwtOf(second), one.publicKey).claims.exp).toBe((theirs + 12 * HOUR) / 1000);
    // A burst that was on its way with the first.
    expect(source.refused('https://a.test', one, first, theirs)).toBe(true);
    expect(source.authorization('https://a.test', one)).toBe(second);
    expect(source.refused('https://a.test', one, second, theirs + 500)).toBe(false);
    expect(source.refused('https://a.test', one, second, undefined)).toBe(false);
  });

  test('signs again, once, when the clocks agree or the service does not say', () => {
    let time = 1_700_000_000_000;
    const one = pair();
    const source = createVapidTokenSource({ subject: SUBJECT, now: () => time });
    const first = source.authorization('https://a.test', one);
    expect(source.refused('https://a.test', one, first, undefined)).toBe(true);
    const second = source.authorization('https://a.test', one);
    expect(second).not.toBe(first);
    expect(source.refused('https://a.test', one, second, time)).toBe(false);
    time += HOUR;
    expect(source.refused('https://a.test', one, second, time)).toBe(true);
  });

  test('forgets the oldest of a thousand', () => {
    const one = pair();
    const source = createVapidTokenSource({ subject: SUBJECT, now: () => 1_700_000_000_000 });
    const first = source.authorization('https://a.test', one);
    for (let origin = 0; origin < 1000; origin++) source.authorization(`https://${origin}.test`, one);
    expect(source.authorization('https://a.test', one)).not.toBe(first);
  });
});
