import { createRequire } from 'node:module';
import type forge from 'node-forge';
import { readP12, TooManyRoundsError } from '../../apns/p12.ts';
import type { AppSettings } from '../../config/schema.ts';
import { ConfigError, toError } from '../../kit/errors.ts';

/** Of hashing, for all passwords of a .p12 file together: half a second. Today's tools ask for 2,048 to 10,000 each. */
const MOST_P12_ROUNDS = 50_000;
/** Of an encrypted PEM key: OpenSSL needs half a second for them. */
const MOST_PEM_ROUNDS = 1_000_000;
/** An RSA key of 4096 bits has 2,375 bytes; what signing costs grows with the cube. */
const MOST_KEY_BYTES = 2500;
/** Of a file in base64: a key with all of its certificates has some thousands. Searching for them costs the square of it. */
const LONGEST_FILE = 65_536;
const SCRYPT = '1.3.6.1.4.1.11591.4.11';

const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----((?:(?!-----BEGIN ENCRYPTED)[\s\S])*?)-----END/g;

/** Its numbers and object ids. */
function partsOf(asn1: forge.asn1.Asn1, library: typeof forge.asn1): (number | string)[] {
  if (Array.isArray(asn1.value)) return asn1.value.flatMap((each) => partsOf(each, library));
  if (asn1.type === library.Type.INTEGER) return [library.derToInteger(asn1.value)];
  return asn1.type === library.Type.OID ? [library.derToOid(asn1.value)] : [];
}

/** What an encrypted key says about its password is in front of it. @throws for what is no such key, too */
function refuseSlowPem(base64: string): void {
  const { asn1 } = createRequire(import.meta.url)('node-forge') as typeof forge;
  const { value } = asn1.fromDer(Buffer.from(base64, 'base64').toString('latin1'));
  const parts = partsOf((value as forge.asn1.Asn1[])[0] as forge.asn1.Asn1, asn1);
  if (parts.some((part) => (typeof part === 'number' ? part > MOST_PEM_ROUNDS : part === SCRYPT)))
    throw new TooManyRoundsError();
}

/**
 * Refuses what takes seconds or hours to decrypt: everything stands still meanwhile. For files of strangers, before they are read.
 * @throws ConfigError naming the field
 */
export function refuseSlowPassword({
  key_base64 = '',
  key_type,
  password = '',
}: NonNullable<AppSettings['ios']>): void {
  if (key_base64.length > LONGEST_FILE)
    throw new ConfigError(`ios.key_base64: must have ${LONGEST_FILE} characters at most`);
  const bytes = Buffer.from(key_base64, 'base64');
  try {
    if (key_type === 'p12') readP12(bytes, password, MOST_P12_ROUNDS);
    else for (const [, base64 = ''] of bytes.toString('latin1').matchAll(ENCRYPTED)) refuseSlowPem(base64);
  } catch (error) {
    // What else is wrong with a .p12 is told by whoever reads it in earnest.
    if (key_type === 'p12' && !(error instanceof TooManyRoundsError)) return;
    throw new ConfigError(`ios.key_base64: cannot be read with ios.password: ${toError(error).message}`);
  }
}

/** Refuses a private key that takes long to sign with. @param der PKCS#8. @throws ConfigError naming the field */
export function refuseSlowKey(der: Buffer, field: string): void {
  if (der.length > MOST_KEY_BYTES) throw new ConfigError(`${field}: the private key is larger than RSA with 4096 bits`);
}
