import { generateKeyPairSync } from 'node:crypto';
import { accessSync, constants, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, toError } from '../kit/errors.ts';
import { FileLock } from '../kit/files/file-lock.ts';
import { makeFolder } from '../kit/files/make-folder.ts';
import type { KeyPair } from './key-pair.ts';

const ACCOUNT = 'acme_account+key';

/** A token of an authority: what base64url has (RFC 8555 section 8.1), so that it cannot lead out of the folder. */
const TOKEN = /^[A-Za-z0-9_-]+$/;

/**
 * What `core.auto_tls` keeps on disk: certificates, the account's key and the answers to challenges under way. Names and
 * formats are those of Go's autocert, so that a Gorush's folder goes on being used, and a Gorush can go back to ours. Several
 * processes may share one.
 */
export class AcmeFolder {
  readonly #path: string;

  /** Makes the folder. @throws ConfigError when nothing can be written there. */
  constructor(path: string) {
    this.#path = path;
    try {
      makeFolder(path, 0o700);
      accessSync(path, constants.W_OK);
    } catch (error) {
      throw new ConfigError('core.auto_tls.folder', `cannot write to ${path}: ${toError(error).message}`, {
        cause: error,
      });
    }
  }

  /** Where the certificate of a host is. */
  pairPath(host: string): string {
    return join(this.#path, host);
  }

  pair(host: string): KeyPair | undefined {
    return this.#pair(host);
  }

  keepPair(host: string, pair: KeyPair): void {
    this.#write(host, `${pair.key.trim()}\n${pair.cert.trim()}\n`);
  }

  /** The key of the account with the authority, PEM; made when there is none. */
  accountKey(): string {
    const kept = this.#read(ACCOUNT);
    if (kept !== undefined) return kept;
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = privateKey.export({ type: 'sec1', format: 'pem' }).toString();
    this.#write(ACCOUNT, key);
    return key;
  }

  /** What to show by TLS-ALPN-01. */
  challengePair(host: string): KeyPair | undefined {
    try {
      return this.#pair(`${host}+token`);
    } catch {
      // The authority will look again.
      return undefined;
    }
  }

  /** What to answer by HTTP-01. */
  challengeText(token: string): string | undefined {
    try {
      return TOKEN.test(token) ? this.#read(`${token}+http-01`) : undefined;
    } catch {
      return undefined;
    }
  }

  keepChallengePair(host: string, { cert, key }: KeyPair): void {
    this.#write(`${host}+token`, `${key.trim()}\n${cert.trim()}\n`);
  }

  keepChallengeText(token: string, text: string): void {
    if (!TOKEN.test(token)) throw new Error('the authority sent a malformed token');
    this.#write(`${token}+http-01`, text);
  }

  dropChallenge(host: string, token: string): void {
    rmSync(join(this.#path, `${host}+token`), { force: true });
    if (TOKEN.test(token)) rmSync(join(this.#path, `${token}+http-01`), { force: true });
  }

  /** Takes the right to ask for a host's certificate; undefined while another process has it. */
  lock(host: string): FileLock | undefined {
    return FileLock.take(this.pairPath(host));
  }

  #pair(name: string): KeyPair | undefined {
    const text = this.#read(name);
    const certificates = text?.indexOf('-----BEGIN CERTIFICATE-----') ?? -1;
    if (text === undefined || certificates < 0) return undefined;
    return { key: text.slice(0, certificates), cert: text.slice(certificates) };
  }

  /** @throws when there is one that cannot be read now: taken for missing, a second account would be made and a certificate ordered. */
  #read(name: string): string | undefined {
    try {
      return readFileSync(join(this.#path, name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Whole or not at all, readable by the owner only. */
  #write(name: string, text: string): void {
    const path = join(this.#path, name);
    writeFileSync(`${path}.${process.pid}.new`, text, { mode: 0o600 });
    renameSync(`${path}.${process.pid}.new`, path);
  }
}
