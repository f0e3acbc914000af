import { BlockList, isIP } from 'node:net';

const linkLocal = new BlockList();
linkLocal.addSubnet('169.254.0.0', 16, 'ipv4');
linkLocal.addSubnet('fe80::', 10, 'ipv6');
// AWS's metadata server.
linkLocal.addAddress('fd00:ec2::254', 'ipv6');

/**
 * True for an address that is never routed (RFC 3927, RFC 4291), as those of metadata servers are: another machine that is asked for it
 * finds its own. The name of Google's metadata server counts, every other name does not.
 * @param host an IPv6 address with or without brackets
 */
export function isLinkLocal(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  const family = isIP(bare);
  if (family === 0) return bare.toLowerCase() === 'metadata.google.internal';
  return linkLocal.check(bare, family === 6 ? 'ipv6' : 'ipv4');
}
