import { createRequire } from 'node:module';
import type forge from 'node-forge';

/** Loaded with the first .p12 file: most have none, and it is a large library. */
const forgeLibrary = (): typeof forge => createRequire(import.meta.url)('node-forge');

/**
 * Certificates and the private key of a PKCS#12 file, all PEM. Node's own OpenSSL no longer decrypts RC2-40 and 3DES, with
 * which Keychain and older tools write these files, hence node-forge. Throws when the password is wrong.
 */
export function readP12(bytes: Buffer, password: string): { certs: string[]; key: string } {
  const forge = forgeLibrary();
  const bags = open(bytes, password).safeContents.flatMap(({ safeBags }) => safeBags);
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
