import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';

/** Certificate chain and key, PEM. */
export interface GrpcTls {
  readonly cert: string;
  readonly key: string;
  /** PEM: clients must show a certificate of one of these authorities. */
  readonly clientCa?: string;
}

/** TLS whose certificate can be replaced while the server runs: connections from then on see the new one. */
export class TlsCredentials extends ServerCredentials {
  /** @throws Error of OpenSSL for a certificate or key that cannot be used. */
  constructor(tls: GrpcTls) {
    super({ requestCert: tls.clientCa !== undefined, rejectUnauthorized: tls.clientCa !== undefined }, contextOf(tls));
  }

  /** Replaces certificate, key and authorities. @throws Error of OpenSSL; then the old ones stay. */
  replace(tls: GrpcTls): void {
    this.updateSecureContextOptions(contextOf(tls));
  }

  _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function contextOf({ cert, key, clientCa }: GrpcTls): SecureContextOptions {
  const context = { cert, key, ...(clientCa === undefined ? {} : { ca: clientCa }) };
  createSecureContext(context);
  return context;
}
