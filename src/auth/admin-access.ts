import type { Config } from '../config/schema.ts';
import { listenAddress } from '../kit/net/listen-address.ts';
import { isLoopback } from '../kit/net/loopback.ts';
import { isConfigured } from './auth.ts';

const closedText = (what: string, key: string): string =>
  `${what} for administrators, and without authentication every caller is one: set auth.keys, or ${key} to 127.0.0.1`;

/** The same for what is served at `core.address`, whatever `core.admin_address` is: the hub, which phones reach. */
export const closedAtApi = ({ auth, core }: Pick<Config, 'auth' | 'core'>, what: string): string | undefined =>
  isConfigured(auth) || isLoopback(core.address) ? undefined : closedText(what, 'core.address');

/**
 * Why what is for administrators is closed: without keys, anyone who reaches the port could use it. Undefined when it is open,
 * because there are keys, or because only this machine reaches the port.
 * @param what it is, with its verb: `apps are`
 */
export function closedBecause({ auth, core }: Pick<Config, 'auth' | 'core'>, what: string): string | undefined {
  const host = core.admin_address === '' ? core.address : listenAddress(core.admin_address)?.host;
  if (isConfigured(auth) || isLoopback(host ?? '')) return undefined;
  const key = core.admin_address === '' ? 'core.address' : 'core.admin_address';
  return closedText(what, key);
}
