import { domainToASCII } from 'node:url';
import { ConfigError } from '../kit/errors.ts';

const NAME = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** The host names of `core.auto_tls.host`, in lower case and ASCII; at least one. @throws ConfigError */
export function autoHosts(text: string): readonly string[] {
  const hosts = text
    .split(/[\s,]+/)
    .filter((host) => host !== '')
    .map((host) => domainToASCII(host) || host);
  const wrong = hosts.find((host) => !NAME.test(host));
  if (wrong !== undefined)
    throw new ConfigError('core.auto_tls.host', `"${wrong}" is no public host name; an authority certifies only those`);
  if (hosts.length === 0) throw new ConfigError('core.auto_tls.host', 'must name the host that the certificate is for');
  return [...new Set(hosts)];
}
