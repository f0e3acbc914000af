import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * True for `localhost` and for an address of 127.0.0.0/8 or ::1 (with or without brackets, mapped IPv4 included): what is
 * reached there never leaves this machine. Every other name is false, whatever DNS says of it, and so is the empty one.
 */
export function isLoopback(host: string): boolean {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  if (bare.toLowerCase() === 'localhost') return host === bare;
  const family = isIP(bare);
  if (family === 0 || (bare !== host && family === 4)) return false;
  return loopback.check(bare, family === 6 ? 'ipv6' : 'ipv4');
}
