import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';

class ProxyRefusedError extends Error {
  readonly code = 'PROXY_REFUSED';
}

/**
 * Opens a tunnel through a CONNECT proxy, `http://[user:password@]host:port` (or https), to `target` (`host:port`). Rejects with
 * PROXY_REFUSED when the proxy answers anything but 2xx.
 */
export function openTunnel(
  proxy: string,
  target: string,
  signal: AbortSignal,
  secureContext?: SecureContext,
): Promise<Duplex> {
  const { protocol, hostname, port, username, password } = new URL(proxy);
  const secure = protocol === 'https:';
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const headers: Record<string, string> = { host: target };
  if (username) {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    headers['proxy-authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
  return new Promise((resolve, reject) => {
    const request = (secure ? https : http).request({
      host,
      // Else Node would take the name to check from the Host header, which is the target's.
      servername: isIP(host) ? '' : host,
      port: port || (secure ? 443 : 80),
      method: 'CONNECT',
      path: target,
      headers,
      agent: false,
      signal,
      ...(secure && secureContext ? { secureContext } : {}),
    });
    const refuse = (status: number | undefined): void =>
      reject(new ProxyRefusedError(`the proxy answered CONNECT with ${status}`));
    request.on('error', reject);
    request.on('response', (answer) => {
      answer.destroy();
      refuse(answer.statusCode);
    });
    request.on('connect', (answer, socket, head) => {
      const status = answer.statusCode ?? 0;
      if (status < 200 || status > 299) {
        socket.destroy();
        return refuse(status);
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.end();
  });
}
