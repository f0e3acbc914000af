import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { ConfigError, toError } from '../kit/errors.ts';
import { fileTrouble } from '../kit/files/file-trouble.ts';
import { repairedPem, textOfFile } from '../kit/pem.ts';

/** A certificate, with the chain behind it, and its private key; both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** The part of the `core` section that says where the server's certificate is. */
export interface KeyPairConfig {
  readonly cert_path: string;
  readonly key_path: string;
  readonly cert_base64: string;
  readonly key_base64: string;
}

/** A text and what to call it in an error. */
interface Named {
  readonly key: string;
  readonly from: string;
  readonly text: string;
}

const UNTOUCHED: Record<string, string> = { cert_path: 'cert.pem', key_path: 'key.pem' };

/**
 * The files that `core.cert_path` and `core.key_path` name, absolute; undefined when the base64 twins count. As in Gorush the
 * paths go first; but paths that are only the default and lead to no file do not hide a base64 pair.
 */
export function keyPairFiles(core: KeyPairConfig, cwd = '.'): { cert: string; key: string } | undefined {
  if (core.cert_path === '' || core.key_path === '') return undefined;
  const files = { cert: resolve(cwd, core.cert_path), key: resolve(cwd, core.key_path) };
  const untouched = core.cert_path === UNTOUCHED.cert_path && core.key_path === UNTOUCHED.key_path;
  const twins = core.cert_base64 !== '' && core.key_base64 !== '';
  if (untouched && twins && !existsSync(files.cert) && !existsSync(files.key)) return undefined;
  return files;
}

function fromFile(key: string, path: string, shown: string): Named {
  try {
    return { key, from: shown, text: repairedPem(textOfFile(readFileSync(path))) };
  } catch (error) {
    throw new ConfigError(key, `Failed to load https cert file: open ${shown}: ${fileTrouble(error)}`, {
      cause: error,
    });
  }
}

const fromBase64 = (key: string, value: string): Named => ({
  key,
  from: 'the base64 text',
  text: repairedPem(value),
});

/** How to read each half; throws when nothing is configured. */
function halves(core: KeyPairConfig, cwd: string | undefined): { cert: () => Named; key: () => Named } {
  const files = keyPairFiles(core, cwd);
  if (files)
    return {
      cert: () => mustBeCertificate(fromFile('core.cert_path', files.cert, core.cert_path)),
      key: () => mustBeKey(fromFile('core.key_path', files.key, core.key_path)),
    };
  if (core.cert_base64 === '' || core.key_base64 === '')
    throw new ConfigError('core.ssl', 'missing https cert config; give core.cert_path and core.key_path');
  return {
    cert: () => mustBeCertificate(fromBase64('core.cert_base64', core.cert_base64)),
    key: () => mustBeKey(fromBase64('core.key_base64', core.key_base64)),
  };
}

function mustBeCertificate(named: Named): Named {
  const { key, from, text } = named;
  try {
    new X509Certificate(text);
    return named;
  } catch (error) {
    throw new ConfigError(key, `no certificate in PEM format in ${from}`, { cause: error });
  }
}

function mustBeKey(named: Named): Named {
  const { key, from, text } = named;
  try {
    createPrivateKey(text);
    return named;
  } catch (error) {
    const locked = (error as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE' || text.includes('ENCRYPTED');
    const what = locked ? 'needs a password; give one without' : 'is no private key in PEM format';
    throw new ConfigError(key, `what is in ${from} ${what}`, { cause: error });
  }
}

/** Why a pair cannot be used, in words without the key; undefined when it can. */
export function keyPairTrouble({ cert, key }: KeyPair): string | undefined {
  try {
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
      return 'the key is that of another certificate';
    createSecureContext({ cert, key });
    return undefined;
  } catch (error) {
    return toError(error).message;
  }
}

/**
 * The server's certificate and key, proven to be usable together. `cwd` is what relative paths start from; default the
 * process's folder.
 * @throws ConfigError naming the key and the file.
 */
export function readKeyPair(core: KeyPairConfig, cwd?: string): KeyPair {
  const read = halves(core, cwd);
  const [cert, key] = [read.cert(), read.key()];
  const pair = { cert: cert.text, key: key.text };
  const trouble = keyPairTrouble(pair);
  if (trouble) throw new ConfigError(key.key, `${key.from} and ${cert.from} cannot be used together: ${trouble}`);
  return pair;
}

/** Everything that keeps `readKeyPair` from a pair: each error names the key and the file. */
export function keyPairMistakes(core: KeyPairConfig, cwd?: string): ConfigError[] {
  const mistakes: ConfigError[] = [];
  const attempt = <T>(run: () => T): T | undefined => {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      mistakes.push(error);
      return undefined;
    }
  };
  const read = attempt(() => halves(core, cwd));
  const both = read && [attempt(read.cert), attempt(read.key)].every((half) => half !== undefined);
  if (both) attempt(() => readKeyPair(core, cwd));
  return mistakes;
}

/** The authorities of `core.client_ca`, PEM. @throws ConfigError naming the key and the file. */
export function readClientCa(path: string, cwd = '.'): string {
  return mustBeCertificate(fromFile('core.client_ca', resolve(cwd, path), path)).text;
}
