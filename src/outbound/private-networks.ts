import { BlockList, isIP } from 'node:net';
import { ConfigError } from '../kit/errors.ts';
import { isPrivateAddress } from './private-address.ts';

/**
 * Which addresses are not called where the operator lets some private networks be: CIDR each (`10.1.0.0/16`, `fd00::/8`), or an
 * address. An IPv4 address that is written as IPv6 (`::ffff:10.1.2.3`) is the IPv4 one.
 * @param key the setting, for the error. @throws ConfigError
 */
export function refusedBut(networks: readonly string[], key: string): (address: string) => boolean {
  const allowed = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address);
    const bits = prefix === undefined ? (family === 6 ? 128 : 32) : Number(prefix);
    if (family === 0 || !Number.isInteger(bits) || bits < 0 || bits > (family === 6 ? 128 : 32) || prefix === '') {
      throw new ConfigError(key, `not an address or a network such as 10.1.0.0/16: ${network}`);
    }
    allowed.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4');
  }
  return (address) => {
    const bare = address.replace(/%.*$/, '');
    const family = isIP(bare);
    return isPrivateAddress(address) && !(family !== 0 && allowed.check(bare, family === 6 ? 'ipv6' : 'ipv4'));
  };
}
