import type { KeyPair } from './key-pair.ts';

/** Where a TLS server has its certificate from: files that may change, or an authority that is asked for it. */
export interface CertificateSource {
  /** The pair in use; undefined while there is none yet. */
  readonly current: KeyPair | undefined;
  /** What a client is shown that asks for this host name; undefined: the current pair. */
  pairFor?(host: string): KeyPair | undefined;
  /** What to show an authority that validates this host name by TLS-ALPN-01 (RFC 8737). */
  challengeFor?(host: string): KeyPair | undefined;
  /** Calls back whenever `current` is another one. */
  onChange(listener: () => void): void;
  /** Called once the port listens. */
  start?(): Promise<void>;
  /** Looks again at once. Never throws: an unusable pair is logged, and the current one stays. */
  reload(): void;
  close(): Promise<void>;
}

/** Where a source tells what happened to its certificates. */
export interface CertificateLog {
  info(message: string): void;
  warn(message: string): void;
}
