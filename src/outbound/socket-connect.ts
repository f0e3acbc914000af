import { isIP, type Socket } from 'node:net';
import type { buildConnector } from 'undici';
import type { Resolve } from './dns-resolve.ts';
import { ANYWHERE, createGuardedConnect } from './guarded-connect.ts';

/** Which addresses may be called: the operator's own lead anywhere, a stranger's to public ones. */
export type Reach = 'anywhere' | 'public';

export type SocketConnect = (address: { readonly host: string; readonly port: number }) => Promise<Socket>;

/**
 * Opens plain connections for protocols that are not HTTP. They take no proxy: one for HTTP leads to web servers. The guard is that
 * of the hooks: all addresses of a name are checked, and one of those very addresses is called.
 */
export function createSocketConnect(reach: Reach, resolve?: Resolve): SocketConnect {
  const rules = reach === 'anywhere' ? ANYWHERE : resolve ? { resolve } : {};
  const connect = createGuardedConnect({ proxyFor: () => undefined, ...rules });
  return ({ host, port }) =>
    new Promise((resolved, rejected) => {
      const written = isIP(host) === 6 ? `[${host}]` : host;
      const own: buildConnector.Options = {
        protocol: 'http:',
        hostname: host,
        host: `${written}:${port}`,
        port: String(port),
      };
      connect(own, (error, socket) => (socket ? resolved(socket) : rejected(error)));
    });
}
