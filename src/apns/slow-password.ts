import type forge from 'node-forge';
import { ConfigError, toError } from '../kit/errors.ts';
import { NotLoadedError } from '../kit/late.ts';
import { forgeLibrary, readP12, TooManyRoundsError } from './p12.ts';

/** Of hashing, for all passwords of a .p12 file together: half a second. Today's tools ask for 2,048 to 10,000 each. */
const MOST_P12_ROUNDS = 50_000;
/** Of an encrypted PEM key: OpenSSL needs half a second for them. */
const MOST_PEM_ROUNDS = 1_000_000;
/** Of a file in base64: a key with all of its certificates has some thousands. Searching for them costs the square of it. */
const LONGEST_FILE = 65_536;
const SCRYPT = '1.3.6.1.4.1.11591.4.11';

const ENCRYPTED = '-----BEGIN ENCRYPTED PRIVATE KEY-----';

/** What is between the lines of each encrypted key. One search: where no end follows a beginning, none follows a later one. */
function* encryptedKeys(text: string): Generator<string> {
  for (let at = text.indexOf(ENCRYPTED); at >= 0; at = text.indexOf(ENCRYPTED, at)) {
    const begin = at + ENCRYPTED.length;
    at = text.indexOf('-----END', begin);
    if (at < 0) return;
    yield text.slice(begin, at);
  }
}

/** Its numbers and object ids. */
function partsOf(asn1: forge.asn1.Asn1, library: typeof forge.asn1): (number | string)[] {
  if (Array.isArray(asn1.value)) return asn1.value.flatMap((each) => partsOf(each, library));
  if (asn1.type === library.Type.INTEGER) return [library.derToInteger(asn1.value)];
  return asn1.type === library.Type.OID ? [library.derToOid(asn1.value)] : [];
}

/** What an encrypted key says about its password is in front of it. @throws for what is no such key, too */
function refuseSlowPem(base64: string): void {
  const { asn1 } = forgeLibrary();
  const { value } = asn1.fromDer(Buffer.from(base64, 'base64').toString('latin1'));
  const parts = partsOf((value as forge.asn1.Asn1[])[0] as forge.asn1.Asn1, asn1);
  if (parts.some((part) => (typeof part === 'number' ? part > MOST_PEM_ROUNDS : part === SCRYPT)))
    throw new TooManyRoundsError();
}

/**
 * Refuses what takes seconds or hours to decrypt: everything stands still meanwhile. For files of callers, before they are read.
 * @throws ConfigError naming the field
 */
export function refuseSlowPassword({
  key_base64,
  key_type,
  password,
}: {
  readonly key_base64: string;
  readonly key_type: string;
  readonly password: string;
}): void {
  if (key_base64.length > LONGEST_FILE)
    throw new ConfigError('ios.key_base64', `must have ${LONGEST_FILE} characters at most`);
  const bytes = Buffer.from(key_base64, 'base64');
  try {
    if (key_type === 'p12') readP12(bytes, password, MOST_P12_ROUNDS);
    else for (const base64 of encryptedKeys(bytes.toString('latin1'))) refuseSlowPem(base64);
  } catch (error) {
    if (error instanceof NotLoadedError) throw error;
    // What else is wrong with a .p12 is reported when it is read in earnest.
    if (key_type === 'p12' && !(error instanceof TooManyRoundsError)) return;
    throw new ConfigError('ios.key_base64', `cannot be read with ios.password: ${toError(error).message}`);
  }
}
