import { createECDH, createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import { ConfigError } from '../kit/errors.ts';
import { bareText } from '../kit/pem.ts';
import { decodeBase64 } from './base64.ts';

/** A VAPID key pair (RFC 8292): what a push service knows the sender by. */
export interface VapidPair {
  readonly id: string;
  /** 65 bytes in base64url without padding: what browsers call `applicationServerKey`. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

/** All pairs that subscriptions may have been made with. */
export interface VapidCredential {
  /** What new subscriptions are made with, and those are signed with that do not say. */
  readonly current: VapidPair;
  /** By `publicKey`; the current one first. */
  readonly pairs: ReadonlyMap<string, VapidPair>;
  /** `mailto:` or `https:`; whom a push service may turn to. */
  readonly subject: string;
}

/** Of config.yml all keys are there; of /v1/apps those that were given. */
export interface VapidPairConfig {
  readonly id?: string;
  readonly public_key?: string;
  readonly private_key?: string;
  readonly state?: '' | 'current' | 'old';
}

/** What of `web` in the configuration concerns credentials. */
export interface WebPushCredentialConfig {
  readonly vapid: readonly VapidPairConfig[];
  readonly subject: string;
}

const CURVE = 'prime256v1';

/** A key pair as `web.vapid` takes it: raw, in base64url without padding. */
export interface RawVapidPair {
  readonly public_key: string;
  readonly private_key: string;
}

export function generateVapidPair(): RawVapidPair {
  const ecdh = createECDH(CURVE);
  ecdh.generateKeys();
  // OpenSSL leaves out leading zeroes.
  const scalar = Buffer.alloc(32);
  const given = ecdh.getPrivateKey();
  given.copy(scalar, 32 - given.length);
  return { public_key: ecdh.getPublicKey('base64url'), private_key: scalar.toString('base64url') };
}

/** True when there is something to load: without it, the provider stays off. */
export const hasVapidCredential = ({ vapid }: WebPushCredentialConfig): boolean => vapid.length > 0;

/**
 * @throws ConfigError that names the key and the rule; never with a private key in it
 */
export function loadVapidCredential({ vapid, subject }: WebPushCredentialConfig): VapidCredential {
  if (vapid.length === 0) throw new ConfigError('web.vapid', 'missing VAPID key pair; `martlet vapid` makes one');
  const mistake = subjectMistake(subject);
  if (mistake !== undefined) throw new ConfigError('web.subject', mistake);
  const loaded = vapid.map((config, index) => ({ state: config.state, pair: loadPair(config, `web.vapid[${index}]`) }));
  const named = loaded.filter(({ state }) => state === 'current');
  if (named.length > 1) throw new ConfigError('web.vapid', 'only one pair can be `state: current`');
  const current = (named[0] ?? loaded.find(({ state }) => state !== 'old') ?? loaded[0])?.pair as VapidPair;
  const pairs = new Map([[current.publicKey, current]]);
  const ids = new Set<string>();
  for (const [index, { pair }] of loaded.entries()) {
    if (ids.has(pair.id)) throw new ConfigError(`web.vapid[${index}].id`, `${pair.id} is there twice`);
    ids.add(pair.id);
    if (pair !== current && pairs.has(pair.publicKey)) throw new ConfigError(`web.vapid[${index}]`, 'is there twice');
    pairs.set(pair.publicKey, pair);
  }
  return { current, pairs, subject };
}

function loadPair({ id = '', public_key = '', private_key = '' }: VapidPairConfig, key: string): VapidPair {
  const scalar = decodeBase64(bareText(private_key));
  if (scalar?.length !== 32) throw new ConfigError(`${key}.private_key`, 'must be 32 bytes in base64url');
  const point = publicPoint(scalar, key);
  const publicKey = point.toString('base64url');
  if (bareText(public_key) !== '') {
    const given = decodeBase64(bareText(public_key));
    if (given?.length !== 65) throw new ConfigError(`${key}.public_key`, 'must be 65 bytes in base64url');
    if (!given.equals(point)) throw new ConfigError(`${key}.public_key`, 'is not that of the private key');
  }
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    d: scalar.toString('base64url'),
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  };
  return { id: id || fingerprint(point), publicKey, privateKey: createPrivateKey({ key: jwk, format: 'jwk' }) };
}

function publicPoint(scalar: Buffer, key: string): Buffer {
  try {
    const ecdh = createECDH(CURVE);
    ecdh.setPrivateKey(scalar);
    return ecdh.getPublicKey();
  } catch {
    // The cause is of no use: a number is a key of this curve unless it is 0 or too large.
    throw new ConfigError(`${key}.private_key`, 'is not a private key of P-256');
  }
}

/** What a pair without a name is called: enough of its public key's hash to tell pairs apart. */
const fingerprint = (point: Buffer): string => createHash('sha256').update(point).digest('hex').slice(0, 16);

const LOCAL = /(^|\.)(localhost|local|localdomain|internal|invalid|example)$/i;
const MAILBOX = /^[^\s@<>,]+@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)$/;

/**
 * Why push services refuse a subject (RFC 8292 section 2.1, and Apple's stricter reading of it, which answers 403 BadJwtToken
 * to a blank after `mailto:` and to addresses of this machine); undefined when they take it.
 */
export function subjectMistake(subject: string): string | undefined {
  if (subject === '') return 'must be given with web.vapid: mailto:… or https://…, whom a push service may turn to';
  if (/\s/.test(subject)) return 'must not hold blanks: Apple refuses `mailto: a@example.com`';
  if (subject.startsWith('mailto:')) {
    const domain = MAILBOX.exec(subject.slice('mailto:'.length))?.[1];
    if (domain === undefined) return 'must be mailto: and one address';
    return LOCAL.test(domain) ? 'must not be an address of this machine: Apple refuses it' : undefined;
  }
  const url = subject.startsWith('https://') ? URL.parse(subject) : null;
  if (!url) return 'must begin with mailto: or https:// (a bare address is refused by push services)';
  return LOCAL.test(url.hostname) || !url.hostname.includes('.')
    ? 'must not be an address of this machine: Apple refuses it'
    : undefined;
}
