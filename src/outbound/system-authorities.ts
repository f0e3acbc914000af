import tls from 'node:tls';

/**
 * Trusts what this machine trusts in addition to the list that comes with Node, as a Go program does; and an authority of one's
 * own is often installed that way. SSL_CERT_FILE and SSL_CERT_DIR are honoured as OpenSSL does. For all connections from then on.
 */
export function trustSystemAuthorities(): void {
  const known = tls.getCACertificates('default');
  const more = new Set(tls.getCACertificates('system')).difference(new Set(known));
  if (more.size > 0) tls.setDefaultCACertificates([...known, ...more]);
}
