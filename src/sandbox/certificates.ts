import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** A certificate and its private key (PKCS8), both PEM. */
export interface LeafCertificate {
  readonly cert: string;
  readonly key: string;
}

/** A throw-away certificate authority. `leaf` makes a TLS certificate for DNS names and IPv4 addresses; the first is its CN. */
export interface Authority {
  /** The CA certificate, PEM. */
  readonly ca: string;
  leaf(names: readonly string[]): LeafCertificate;
}

// DER (X.690): tag, length, content. Node's crypto reads X.509 and does not write it; these few lines spare a library.
const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
};
const sequence = (...parts: Buffer[]) => der(0x30, ...parts);
const setOf = (...parts: Buffer[]) => der(0x31, ...parts);
const octets = (content: Buffer) => der(0x04, content);
const bits = (content: Buffer, unused = 0) => der(0x03, Buffer.from([unused]), content);
const utf8 = (text: string) => der(0x0c, Buffer.from(text));
const TRUE = der(0x01, Buffer.from([0xff]));

const base128 = (value: number): number[] => {
  const bytes = [value & 127];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 127) | 128);
  return bytes;
};
const oid = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
};

/** UTCTime; good until 2049. */
const time = (ms: number): Buffer =>
  der(
    0x17,
    Buffer.from(
      `${new Date(ms)
        .toISOString()
        .replaceAll(/[-:T]|\.\d+/g, '')
        .slice(2, -1)}Z`,
    ),
  );

const commonName = (name: string) => sequence(setOf(sequence(oid('2.5.4.3'), utf8(name))));
const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

const extension = (id: string, value: Buffer, critical = false) =>
  sequence(oid(id), ...(critical ? [TRUE] : []), octets(value));
const basicConstraints = (ca: boolean) => extension('2.5.29.19', sequence(...(ca ? [TRUE] : [])), true);
const keyCertSign = extension('2.5.29.15', bits(Buffer.from([0x04]), 2), true);
const serverAndClientAuth = extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2')));
const subjectAltName = (names: readonly string[]) =>
  extension(
    '2.5.29.17',
    sequence(
      ...names.map((name) =>
        isIPv4(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name)),
      ),
    ),
  );

// Strict verifiers (RFC 5280; Python's default since 3.13) want the key identifiers that link a leaf to its root.
const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
const keyId = (key: KeyObject): Buffer => createHash('sha256').update(spki(key)).digest().subarray(0, 20);
const subjectKeyId = (key: KeyObject) => extension('2.5.29.14', octets(keyId(key)));
const authorityKeyId = (key: KeyObject) => extension('2.5.29.35', sequence(der(0x80, keyId(key))));

const DAY = 86_400_000;
const pem = (content: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${content.toString('base64').replaceAll(/(.{64})(?=.)/g, '$1\n')}\n-----END CERTIFICATE-----\n`;

interface Request {
  readonly issuer: string;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly signWith: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly now: number;
}

function certificate({ issuer, subject, publicKey, signWith, extensions, now }: Request): string {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] as number) & 0x7f) | 1;
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ECDSA_SHA256,
    commonName(issuer),
    sequence(time(now - DAY), time(now + 825 * DAY)),
    commonName(subject),
    spki(publicKey),
    der(0xa3, sequence(...extensions)),
  );
  return pem(sequence(body, ECDSA_SHA256, bits(sign('sha256', body, signWith))));
}

/** A new P-256 authority, in a millisecond or two. Its key never leaves the process. `now` is UNIX milliseconds. */
export function makeAuthority(name = 'Martlet sandbox CA', now = Date.now()): Authority {
  const root = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issued = { issuer: name, signWith: root.privateKey, now };
  return {
    ca: certificate({
      ...issued,
      subject: name,
      publicKey: root.publicKey,
      extensions: [basicConstraints(true), keyCertSign, subjectKeyId(root.publicKey)],
    }),
    leaf(names) {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const extensions = [
        basicConstraints(false),
        serverAndClientAuth,
        subjectAltName(names),
        subjectKeyId(publicKey),
        authorityKeyId(root.publicKey),
      ];
      const cert = certificate({ ...issued, subject: names[0] ?? 'localhost', publicKey, extensions });
      return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
    },
  };
}
