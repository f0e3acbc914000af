import { type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { ConfigError, toError } from '../kit/errors.ts';
import { NotLoadedError } from '../kit/late.ts';
import { base64Bytes, pemBlocks, privateKeyIn, textOfFile } from '../kit/pem.ts';
import { readP12 } from './p12.ts';

/** The keys of the `ios` section that say who we are. */
export interface ApnsCredentialConfig {
  readonly key_path: string;
  readonly key_base64: string;
  /** `pem`, `p12` or `p8`: what `key_base64` holds. */
  readonly key_type: string;
  readonly password: string;
  readonly key_id: string;
  readonly team_id: string;
}

export interface ApnsTokenCredential {
  readonly kind: 'token';
  readonly key: KeyObject;
  readonly keyId: string;
  readonly teamId: string;
}

export interface ApnsCertificateCredential {
  readonly kind: 'certificate';
  /** PEM; the certificate itself first, then its issuers if the file has them. */
  readonly cert: string;
  /** PEM (PKCS#8), not encrypted. */
  readonly key: string;
  /** UNIX milliseconds at which the certificate expires. */
  readonly notAfter: number;
}

export type ApnsCredential = ApnsTokenCredential | ApnsCertificateCredential;

/**
 * Reads the key or certificate of `ios.key_path` (by its extension) or else of `ios.key_base64` (by `ios.key_type`).
 *
 * @throws ConfigError naming the key; its message contains Gorush's text where Gorush has one.
 */
export function loadApnsCredential(
  config: ApnsCredentialConfig,
  readFile: (path: string) => Buffer = readFileSync,
): ApnsCredential {
  const source = config.key_path === '' ? fromBase64(config) : fromFile(config.key_path, readFile);
  const password = passwordOf(config.password);
  switch (source.type) {
    case 'p8':
      return tokenCredential(source, { ...config, password });
    case 'pem':
      return pemCredential(source, password);
    default:
      return p12Credential(source, password);
  }
}

/** A password that was read from a file often has the file's last line break. */
const passwordOf = (text: string): string => text.replace(/[\r\n]{1,4}$/, '');

interface Source {
  /** The configuration key that errors name. */
  readonly name: string;
  readonly type: 'p8' | 'pem' | 'p12';
  /** What the file or the setting holds, as `kit/pem.ts` reads it. */
  readonly text: string;
  /** The same as bytes, for what is no text. */
  readonly bytes: Buffer;
}

const isType = (type: string): type is Source['type'] => type === 'p8' || type === 'pem' || type === 'p12';

function fromFile(path: string, readFile: (path: string) => Buffer): Source {
  let bytes: Buffer;
  try {
    bytes = readFile(path);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const why = missing ? 'certificate file does not exist' : toError(cause).message;
    throw new ConfigError('ios.key_path', `${why}: ${path}`, { cause });
  }
  const file = basename(path);
  const type = file.includes('.') ? file.slice(file.lastIndexOf('.') + 1) : '';
  if (isType(type)) return { name: 'ios.key_path', type, text: textOfFile(bytes), bytes: derOf(bytes) };
  throw new ConfigError(
    'ios.key_path',
    `Cert Error:wrong certificate key extension: ${path} does not end in .p8, .pem or .p12`,
  );
}

/** DER begins with the tag of a sequence. */
const SEQUENCE = 0x30;

/** A .p12 file that holds its base64 instead of itself. */
function derOf(bytes: Buffer): Buffer {
  const inner = bytes[0] === SEQUENCE ? undefined : base64Bytes(bytes.toString('latin1'));
  return inner?.[0] === SEQUENCE ? inner : bytes;
}

/** A PEM text in its place is as good: which of them it is cannot be mistaken. */
function fromBase64({ key_base64, key_type }: ApnsCredentialConfig): Source {
  if (key_base64 === '') throw new ConfigError('', 'missing iOS certificate key: set ios.key_path or ios.key_base64');
  const bytes = base64Bytes(key_base64);
  if (!bytes && pemBlocks(key_base64).length === 0) throw new ConfigError('ios.key_base64', 'not base64');
  if (!isType(key_type))
    throw new ConfigError('ios.key_type', `Cert Error:wrong certificate key type: ${key_type} is not p8, pem or p12`);
  return { name: 'ios.key_base64', type: key_type, text: textIn(key_base64, bytes), bytes: derOf(bytes ?? NOTHING) };
}

const NOTHING = Buffer.alloc(0);

/** The lines of a .p8 file without the dashes around them are PKCS#8 in base64. */
const textIn = (base64: string, bytes: Buffer | undefined): string =>
  bytes?.[0] === SEQUENCE ? `-----BEGIN PRIVATE KEY-----${bytes.toString('base64')}-----END PRIVATE KEY-----` : base64;

function tokenCredential({ name, text }: Source, config: ApnsCredentialConfig): ApnsTokenCredential {
  const key = privateKey(name, text, config.password);
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new ConfigError(name, 'not a token key of APNs: it must be an EC key on the curve P-256');
  }
  if (config.key_id === '' || config.team_id === '') {
    const missing = config.key_id === '' ? 'ios.key_id' : 'ios.team_id';
    throw new ConfigError(
      missing,
      'Transport Error:you should provide ios.KeyID and ios.TeamID for p8 token; it is empty',
    );
  }
  return { kind: 'token', key, keyId: appleId(config, 'key_id'), teamId: appleId(config, 'team_id') };
}

/** Apple's ids have ten characters each; they go into every token, where a blank or a line break would make it another one. */
function appleId(config: ApnsCredentialConfig, name: 'key_id' | 'team_id'): string {
  const id = config[name].trim();
  if (/^[A-Za-z0-9]{10}$/.test(id)) return id;
  throw new ConfigError(
    `ios.${name}`,
    `must be ten letters and digits, as Apple writes it; it has ${id.length} characters`,
  );
}

function pemCredential({ name, text }: Source, password: string): ApnsCertificateCredential {
  const blocks = pemBlocks(text);
  const certs = blocks.filter(({ label }) => label === 'CERTIFICATE').map(({ pem }) => pem);
  const key = blocks.find(({ label }) => label.endsWith('PRIVATE KEY'))?.pem;
  if (certs.length === 0) throw new ConfigError(name, 'no certificate in the PEM text');
  if (key === undefined) throw new ConfigError(name, 'no private key in the PEM text');
  return certificateCredential(name, certs, privateKey(name, key, password));
}

function p12Credential({ name, bytes }: Source, password: string): ApnsCertificateCredential {
  try {
    const { certs, key } = readP12(bytes, password);
    return certificateCredential(name, certs, privateKey(name, key, ''));
  } catch (cause) {
    if (cause instanceof ConfigError || cause instanceof NotLoadedError) throw cause;
    throw new ConfigError(name, `cannot be read with ios.password: ${toError(cause).message}`, { cause });
  }
}

/** Puts the certificate of the key first: what a server is shown as ours. */
function certificateCredential(name: string, certs: readonly string[], key: KeyObject): ApnsCertificateCredential {
  const parsed = certs.map((pem) => ({ pem, x509: certificate(name, pem) }));
  const own = parsed.find(({ x509 }) => x509.checkPrivateKey(key));
  if (!own) throw new ConfigError(name, 'the private key does not belong to the certificate');
  const issuers = parsed.filter((other) => other !== own);
  return {
    kind: 'certificate',
    cert: `${[own, ...issuers].map(({ pem }) => pem.trim()).join('\n')}\n`,
    key: key.export({ type: 'pkcs8', format: 'pem' }) as string,
    notAfter: own.x509.validToDate.getTime(),
  };
}

function certificate(name: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new ConfigError(name, `a certificate that cannot be read: ${toError(cause).message}`, { cause });
  }
}

function privateKey(name: string, pem: string, passphrase: string): KeyObject {
  try {
    return privateKeyIn(pem, passphrase);
  } catch (cause) {
    const encrypted = pem.includes('ENCRYPTED');
    const why = encrypted ? 'the private key cannot be decrypted with ios.password' : 'no private key that can be read';
    throw new ConfigError(name, `${why}: ${toError(cause).message}`, { cause });
  }
}
