import { makeAuthority } from '../../src/sandbox/certificates.ts';
import type { Exchange } from '../../src/sandbox/exchange.ts';
import { openSecureServer, type SecureServerOptions } from '../../src/sandbox/secure-server.ts';

export interface ScriptedServer extends AsyncDisposable {
  readonly origin: string;
  /** The authority of its certificate, PEM. */
  readonly ca: string;
}

/** A provider's server as the sandbox's are, on port 0, that does with each request what the test says. */
export async function startScriptedServer(
  handle: (exchange: Exchange) => void,
  options: Omit<SecureServerOptions, 'leaf'> = {},
): Promise<ScriptedServer> {
  const authority = makeAuthority();
  const server = await openSecureServer({ leaf: authority.leaf(['localhost', '127.0.0.1']), ...options }, handle);
  return { origin: server.origin, ca: authority.ca, [Symbol.asyncDispose]: () => server.close() };
}
