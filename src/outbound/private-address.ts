import { BlockList, isIP } from 'node:net';

/** What the IANA registries of special-purpose addresses (RFC 6890) do not call globally reachable, and a cloud's own. */
const REFUSED_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Azure's wire server: a public address that leads to the host of the machine.
  '168.63.129.16/32',
] as const;

/**
 * Global unicast is 2000::/3 and nothing else: loopback, mapped and compatible IPv4, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), unique
 * local, link-local, site-local and multicast addresses all lie outside.
 */
const GLOBAL_IPV6 = '2000::/3';

/** Inside of it: Teredo and other protocols, documentation, 6to4 (an IPv4 address in disguise), 6bone. */
const REFUSED_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', '3ffe::/16'] as const;

function blockList(subnets: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address = '', prefix] = subnet.split('/');
    list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

const refusedIpv4 = blockList(REFUSED_IPV4, 'ipv4');
const globalIpv6 = blockList([GLOBAL_IPV6], 'ipv6');
const refusedIpv6 = blockList(REFUSED_IPV6, 'ipv6');

/**
 * Whether an IP address is anything but a public unicast one. An IPv6 address may have a zone (`fe80::1%eth0`). What is no IP
 * address counts as private, so that an unforeseen spelling is refused.
 */
export function isPrivateAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return refusedIpv4.check(address, 'ipv4');
    case 6: {
      const bare = address.replace(/%.*$/, '');
      return !globalIpv6.check(bare, 'ipv6') || refusedIpv6.check(bare, 'ipv6');
    }
    default:
      return true;
  }
}

const LOCAL_NAME = /(^|\.)(localhost|local|internal|home\.arpa)\.?$/i;

/** Whether a host name is one that leads to loopback whatever DNS says (RFC 6761), or that only a local network knows. */
export const isLocalName = (host: string): boolean => LOCAL_NAME.test(host);
