import { X509Certificate } from 'node:crypto';
import type { CertificateLog, CertificateSource } from './certificate-source.ts';
import { type KeyPair, type KeyPairConfig, keyPairFiles, readKeyPair } from './key-pair.ts';
import { Reloadable } from './reloadable.ts';

export interface ServerCredentialsOptions {
  /** The `core` section. */
  readonly core: KeyPairConfig;
  /** What relative paths start from; default the process's folder. */
  readonly cwd?: string;
  readonly log: CertificateLog;
  /** Milliseconds between two looks at the files; default 3,000. */
  readonly watchMs?: number | undefined;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

const validUntil = ({ cert }: KeyPair): Date => new X509Certificate(cert).validToDate;

/**
 * The certificate of `core.cert_path` and `core.key_path` or of their base64 twins, read again when the files change. A pair
 * that cannot be used is logged and refused, and the old one stays.
 * @throws ConfigError naming the key and the file.
 */
export function openServerCredentials(options: ServerCredentialsOptions): CertificateSource {
  const { core, cwd, log, now = Date.now } = options;
  const pair = new Reloadable({
    read: () => readKeyPair(core, cwd),
    files: Object.values(keyPairFiles(core, cwd) ?? {}),
    watchMs: options.watchMs,
    log,
  });
  const warnOfExpiry = (): void => {
    const end = validUntil(pair.current);
    if (end.getTime() <= now()) log.warn(`core.ssl: the certificate expired on ${end.toISOString()}`);
  };
  warnOfExpiry();
  pair.onChange((next) => {
    log.info(`core.ssl: serves a new certificate, valid until ${validUntil(next).toISOString()}`);
    warnOfExpiry();
  });
  return {
    get current() {
      return pair.current;
    },
    onChange: (listener) => pair.onChange(listener),
    reload: () => pair.reload(),
    close: async () => pair.unwatch(),
  };
}
