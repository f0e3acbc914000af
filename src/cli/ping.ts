import { Agent, request } from 'undici';
import type { Config } from '../config/schema.ts';

const TIMEOUT_MS = 5000;
const EVERYWHERE = new Set(['', '0.0.0.0', '::']);

/** Where the server of this configuration is, seen from this machine. */
export function originOf({ core }: Pick<Config, 'core'>): string {
  const tls = core.ssl || core.auto_tls.enabled;
  const host = EVERYWHERE.has(core.address) ? 'localhost' : core.address;
  const port = core.auto_tls.enabled ? core.auto_tls.port : core.port;
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Where it answers its health check. */
export const healthUrl = (config: Pick<Config, 'core' | 'api'>): string => originOf(config) + config.api.health_uri;

/** `--ping`: true when the server answers its health check with 200. */
export async function ping(config: Pick<Config, 'core' | 'api'>): Promise<boolean> {
  // The certificate is for the clients' name of this host, which need not be `localhost`; nothing is sent but the question.
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    const { statusCode, body } = await request(healthUrl(config), {
      dispatcher,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  } finally {
    await dispatcher.destroy();
  }
}
