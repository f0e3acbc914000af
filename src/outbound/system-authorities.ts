import process from 'node:process';
import tls from 'node:tls';

/**
 * Trusts what this machine trusts in addition to the list that comes with Node, as a Go program does; and an authority of one's
 * own is often installed that way. SSL_CERT_FILE and SSL_CERT_DIR are honoured as OpenSSL does. For all connections from then on.
 *
 * Where the process was started with `--use-system-ca`, Node does the same itself, at the first TLS connection and at a third of the
 * time: `npm start` and `martlet` give that flag.
 */
export function trustSystemAuthorities(): void {
  if (process.execArgv.includes('--use-system-ca')) return;
  const known = tls.getCACertificates('default');
  const more = new Set(tls.getCACertificates('system')).difference(new Set(known));
  if (more.size > 0) tls.setDefaultCACertificates([...known, ...more]);
}
