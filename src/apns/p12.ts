import { createRequire } from 'node:module';
import type forge from 'node-forge';
import { lateSync } from '../kit/late.ts';

/** With the first .p12 file: most have none, and it is a large library. @throws NotLoadedError */
export const forgeLibrary = lateSync('node-forge', () => createRequire(import.meta.url)('node-forge') as typeof forge);

/** The password of a key would take too long to try. */
export class TooManyRoundsError extends Error {
  constructor() {
    super('too many rounds of hashing are needed for its password');
  }
}

type Derive = (...given: unknown[]) => unknown;
type Owner = Record<string, Derive>;

/**
 * PBKDF2 is given UTF-8 (RFC 8018 section 3), and node-forge takes a text for bytes. The older ways want UTF-16, which it writes itself.
 */
const asUtf8 = (password: unknown): unknown =>
  typeof password === 'string' ? Buffer.from(password, 'utf8').toString('latin1') : password;
const asGiven = (password: unknown): unknown => password;

/**
 * Reads with at most so many rounds of hashing. The file says how many rounds its password needs, 2^31 if it likes, and
 * node-forge knows no limit: while `read` runs, the three functions that hash count.
 */
function withRounds<T>(mostRounds: number, read: () => T): T {
  const { pkcs5, pkcs12, pki } = forgeLibrary() as unknown as { pkcs5: Owner; pkcs12: Owner; pki: { pbe: Owner } };
  const counted: readonly (readonly [
    owner: Owner,
    name: string,
    place: number,
    spell: (password: unknown) => unknown,
  ])[] = [
    [pkcs5, 'pbkdf2', 2, asUtf8],
    [pkcs12, 'generateKey', 3, asGiven],
    [pki.pbe, 'generatePkcs12Key', 3, asGiven],
  ];
  const originals = counted.map(([owner, name]) => owner[name] as Derive);
  let left = mostRounds;
  for (const [index, [owner, name, place, spell]] of counted.entries()) {
    owner[name] = (password, ...given) => {
      left -= Number(given[place - 1]);
      if (!(left >= 0)) throw new TooManyRoundsError();
      return (originals[index] as Derive)(spell(password), ...given);
    };
  }
  try {
    return read();
  } finally {
    for (const [index, [owner, name]] of counted.entries()) owner[name] = originals[index] as Derive;
  }
}

/**
 * Certificates and the private key of a PKCS#12 file, all PEM. Node's own OpenSSL no longer decrypts RC2-40 and 3DES, with
 * which Keychain and older tools write these files, hence node-forge.
 * @param mostRounds of hashing, for the whole file: 100,000 are about a second; default: what the file asks for
 * @throws Error when the password is wrong, or costs more
 */
export function readP12(
  bytes: Buffer,
  password: string,
  mostRounds = Number.POSITIVE_INFINITY,
): { certs: string[]; key: string } {
  const forge = forgeLibrary();
  const bags = withRounds(mostRounds, () => open(bytes, password)).safeContents.flatMap(({ safeBags }) => safeBags);
  const certs = bags.filter(({ type }) => type === forge.pki.oids.certBag).map(certificatePem);
  const key = bags.find(({ type }) => type === forge.pki.oids.pkcs8ShroudedKeyBag || type === forge.pki.oids.keyBag);
  if (certs.length === 0) throw new Error('no certificate in the PKCS#12 file');
  if (!key) throw new Error('no private key in the PKCS#12 file');
  return { certs, key: keyPem(key) };
}

function open(bytes: Buffer, password: string): forge.pkcs12.Pkcs12Pfx {
  const forge = forgeLibrary();
  const asn1 = forge.asn1.fromDer(bytes.toString('latin1'));
  if (password !== '') return forge.pkcs12.pkcs12FromAsn1(asn1, false, password);
  // Tools disagree about "no password": an empty text or nothing at all (RFC 7292 appendix B).
  try {
    return forge.pkcs12.pkcs12FromAsn1(asn1, false, '');
  } catch {
    return forge.pkcs12.pkcs12FromAsn1(asn1, false);
  }
}

/** node-forge parses RSA only; of other kinds it leaves the ASN.1, which is all that is needed here. */
const pem = (label: string, asn1: forge.asn1.Asn1): string => {
  const forge = forgeLibrary();
  const lines =
    Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1')
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
};

const certificatePem = ({ cert, asn1 }: forge.pkcs12.Bag): string =>
  pem('CERTIFICATE', cert ? forgeLibrary().pki.certificateToAsn1(cert) : asn1);

function keyPem(bag: forge.pkcs12.Bag): string {
  if (!bag.key) return pem('PRIVATE KEY', bag.asn1);
  const forge = forgeLibrary();
  return pem('PRIVATE KEY', forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(bag.key)));
}
