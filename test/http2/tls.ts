import { makeAuthority } from '../../src/sandbox/certificates.ts';

export const authority = makeAuthority();
/** The certificate of every peer on loopback. */
export const leaf = authority.leaf(['localhost', '127.0.0.1']);
