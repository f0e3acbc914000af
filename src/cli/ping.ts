import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { Config } from '../config/schema.ts';

const TIMEOUT_MS = 5000;
const EVERYWHERE = new Set(['', '0.0.0.0', '::']);

/** Where the server of this configuration is, seen from this machine. */
export function originOf({ core }: Pick<Config, 'core'>): string {
  const tls = core.ssl || core.auto_tls.enabled;
  const host = hostOf(core);
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${portOf(core)}`;
}

const hostOf = ({ address }: Config['core']): string => (EVERYWHERE.has(address) ? 'localhost' : address);
const portOf = ({ auto_tls, port }: Config['core']): string => (auto_tls.enabled ? auto_tls.port : port);

/**
 * `--ping`: true when the server answers its health check with 200. By Node's own client, which knows addresses with a zone
 * (`fe80::1%eth0`), for which there is no URL.
 */
export async function ping({ core, api }: Pick<Config, 'core' | 'api'>): Promise<boolean> {
  const tls = core.ssl || core.auto_tls.enabled;
  const asked = (tls ? https : http).request({
    host: hostOf(core),
    port: portOf(core),
    path: api.health_uri,
    agent: false,
    timeout: TIMEOUT_MS,
    // The certificate is for the clients' name of this host, which need not be `localhost`; nothing is sent but the question.
    ...(tls ? { rejectUnauthorized: false } : {}),
  });
  asked.on('timeout', () => asked.destroy());
  try {
    asked.end();
    const [answer] = (await once(asked, 'response')) as [http.IncomingMessage];
    answer.destroy();
    return answer.statusCode === 200;
  } catch {
    return false;
  }
}
